#include "threads/threads.h"

#include "forked.h"

int fwc_max_threads(void)
{
#ifdef _OPENMP
    const int most = omp_get_max_threads(), limit = omp_get_thread_limit();
    return fwc_threads(most < limit ? most : limit);
#else
    return 1;
#endif
}
