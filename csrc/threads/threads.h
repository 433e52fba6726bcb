/* Limits on the number of threads that OpenMP was given. */
#ifndef FWC_THREAD_LIMITS_H
#define FWC_THREAD_LIMITS_H

/* Threads of a parallel region without num_threads: OMP_NUM_THREADS, OMP_THREAD_LIMIT or omp_set_num_threads (which is
 * what threadpoolctl calls), else all cores; 1 in a forked child and without OpenMP. */
int fwc_max_threads(void);

#endif
