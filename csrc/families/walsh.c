/* Fast Walsh-Hadamard transform in two sweeps over the memory, and the best entries of its result. */
#include "families.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../forked.h"

#define FWC_BODY "families/walsh_body.h"
#include "../simd.h"

enum { LOW_BITS = 12,
       WIDTH = 16 }; /* 32 KiB at a time; then 128-byte pieces of each such block */

static void run(double *h, int64_t rows, int64_t width) { SELECT(FWC_AVX512, butterflies)(h, rows, width); }

void fwc_walsh_low(double *h, int bits, int64_t first, int64_t last, int threads)
{
    const int64_t low = (int64_t)1 << (bits < LOW_BITS ? bits : LOW_BITS);
#pragma omp parallel for schedule(static) num_threads(fwc_threads(threads)) if (last - first > 1)
    for (int64_t r = first; r < last; r++)
        run(h + r * low, low, 1);
}

int fwc_walsh_high(double *h, int bits, int64_t first, int64_t last, int threads)
{
    const int64_t low = (int64_t)1 << LOW_BITS, rows = (int64_t)1 << (bits - LOW_BITS);
    int failed = 0;
#pragma omp parallel num_threads(fwc_threads(threads))
    {
        double *buffer = malloc((size_t)(rows * WIDTH) * sizeof *buffer);
        if (!buffer) {
#pragma omp atomic write
            failed = 1;
        }
#pragma omp for schedule(static)
        for (int64_t c = first; c < last; c++) {
            if (!buffer)
                continue;
            for (int64_t r = 0; r < rows; r++)
                memcpy(buffer + r * WIDTH, h + r * low + c * WIDTH, WIDTH * sizeof *buffer);
            run(buffer, rows, WIDTH);
            for (int64_t r = 0; r < rows; r++)
                memcpy(h + r * low + c * WIDTH, buffer + r * WIDTH, WIDTH * sizeof *buffer);
        }
        free(buffer);
    }
    return failed ? -1 : 0;
}

void fwc_walsh_small(int16_t *h, int bits) { SELECT(FWC_AVX512, small)(h, (int64_t)1 << bits); }

static inline int ones(uint64_t x)
{
    x -= x >> 1 & 0x5555555555555555u;
    x = (x & 0x3333333333333333u) + (x >> 2 & 0x3333333333333333u);
    x = (x + (x >> 4)) & 0x0F0F0F0F0F0F0F0Fu;
    return (int)(x * 0x0101010101010101u >> 56);
}

/* Whether entry a comes after entry b in the answer. */
static int after(const double *h, const double *factor, int64_t a, int64_t b)
{
    const int na = ones((uint64_t)a), nb = ones((uint64_t)b);
    const double va = fabs(h[a]) * factor[na], vb = fabs(h[b]) * factor[nb];
    if (va != vb)
        return va < vb;
    return na != nb ? na > nb : a > b;
}

/* A heap whose root comes last in the answer: move the entry at i down to its place. */
static void sink(int64_t *heap, int64_t n, int64_t i, const double *h, const double *factor)
{
    for (int64_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && after(h, factor, heap[child + 1], heap[child]))
            child++;
        if (!after(h, factor, heap[child], heap[i]))
            return;
        const int64_t s = heap[i];
        heap[i] = heap[child];
        heap[child] = s;
    }
}

int64_t fwc_walsh_top(const double *h, const double *factor, int64_t k, int64_t *top, int64_t n, int64_t first,
                      int64_t last)
{
    int64_t s = first;
    if (n < k) {
        for (; s < last && n < k; s++)
            top[n++] = s;
        for (int64_t i = n / 2; i-- > 0;)
            sink(top, n, i, h, factor);
    }
    for (; s < last; s++) {
        if (after(h, factor, top[0], s)) {
            top[0] = s;
            sink(top, n, 0, h, factor);
        }
    }
    return n;
}

void fwc_walsh_sort(const double *h, const double *factor, int64_t *top, int64_t n)
{
    for (int64_t i = n; i-- > 1;) {
        const int64_t last = top[0];
        top[0] = top[i];
        top[i] = last;
        sink(top, i, 0, h, factor);
    }
}
