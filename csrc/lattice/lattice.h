/* Kernels of the package lattice: J1 triangulation, unique vertex rows, bit-matrix transposition. */
#ifndef FWC_LATTICE_H
#define FWC_LATTICE_H

#include <stddef.h>
#include <stdint.h>

/* Weights are multiples of 2^-FWC_WEIGHT_BITS; the low FWC_INDEX_BITS bits of a sort key contain the coordinate. */
#define FWC_WEIGHT_BITS 44
#define FWC_INDEX_BITS 19

ptrdiff_t fwc_j1(const double *z, size_t n, size_t d, int level, int64_t *indptr, uint64_t *keys, double *weights);

/* The same vertices as columns, in two steps.  steps: room for n d of FWC_STEP bytes, aligned as uint32_t; weights for
 * n (d + 1).  Returns the number of vertices, -1 when out of memory.  Then words[i * level + p] takes bit p of coordinate i
 * of all vertices, padding 0; n_words = ceil(vertices / 64). */
enum { FWC_STEP = 8 };
ptrdiff_t fwc_j1_steps(const double *z, size_t n, size_t d, int64_t *indptr, void *steps, double *weights);
void fwc_j1_columns(const void *steps, size_t n, size_t d, int level, const int64_t *indptr, uint64_t *words, size_t n_words);

typedef struct fwc_rowset fwc_rowset;
fwc_rowset *fwc_rowset_new(size_t key_words);
void fwc_rowset_free(fwc_rowset *set);
int fwc_rowset_add(fwc_rowset *set, const uint64_t *keys, size_t m, int32_t *ids);
size_t fwc_rowset_size(const fwc_rowset *set);
const uint64_t *fwc_rowset_keys(const fwc_rowset *set);

void fwc_transpose_bits(const uint64_t *keys, size_t m, size_t key_words, size_t n_literals, uint64_t *words,
                        size_t n_words);

/* unit[r, i] = the value of X[r, columns[i]] by the knots [start[i], start[i + 1]), n x d; strides in bytes.  Knots ascend;
 * values are those at the knots, slopes those of the intervals after them.  One knot: 0; two: (x - low) / (high - low). */
void fwc_to_unit(const double *X, int64_t n, int64_t row_stride, int64_t column_stride, const int64_t *columns, int64_t d,
                 const int64_t *start, const double *knots, const double *values, const double *slopes, double *unit);

#endif
