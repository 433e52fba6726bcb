/* How many threads a parallel region may have: one in a forked child.  THREAD is the number of the calling one.
 *
 * The OpenMP runtime keeps its threads from one region to the next.  After a fork they are gone, but the child's copy of
 * the runtime still waits for them: a region of two or more threads would never end. */
#ifndef FWC_FORKED_H
#define FWC_FORKED_H

#include <pthread.h>

#ifdef _OPENMP
#include <omp.h>
#define THREAD omp_get_thread_num()
#else
#define THREAD 0
#endif

static volatile int fwc_forked;

static void fwc_after_fork(void)
{
    fwc_forked = 1;
}

__attribute__((constructor)) static void fwc_watch_forks(void)
{
    pthread_atfork(0, 0, fwc_after_fork);
}

static inline int fwc_threads(int wanted)
{
    return wanted < 1 || fwc_forked ? 1 : wanted;
}

#endif
