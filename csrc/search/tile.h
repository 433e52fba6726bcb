/* What the sums of csrc/search/tile_body.h work on: a chunk of rows as numbers, and where it is unpacked from. */
#ifndef FWC_TILE_H
#define FWC_TILE_H

#include <stdint.h>

enum { FWC_LANES = 16 }; /* every row of a matrix is padded to 16 lanes */

typedef struct {
    int64_t n, n_rows, ld; /* columns, rows, width of a matrix: n padded */
    const uint64_t *keys;  /* (n_rows, ceil(ld / 64)): bit c % 64 of word c / 64 is column c, 0 from n on; or NULL */
    const float *q;        /* (n_rows) integer weights; or NULL: the chunk is not unpacked from keys but given */
    float *bits, *weighted; /* (chunk, ld): F and q F of the rows of the chunk at work */
    int32_t *rows;          /* (chunk) offsets in both of the rows that are summed */
} fwc_tile;

#endif
