/* Sums of weights by literal; included once for each instruction set (csrc/simd.h). */

typedef double ISA(lanes) __attribute__((vector_size(64), aligned(8), may_alias));

/* acc[l] += weight where bit l of the key is 1: eight literals at a time, from a table of 0 and 1 by byte. */
ISA_TARGET static inline void ISA(add_row)(const uint64_t *key, int64_t key_words, double weight, double *acc)
{
    for (int64_t k = 0; k < key_words; k++)
        for (int b = 0; b < 8; b++) {
            ISA(lanes) *to = (ISA(lanes) *)(acc + 64 * k + 8 * b);
            *to += weight * *(const ISA(lanes) *)ones_of_byte[key[k] >> (8 * b) & 255];
        }
}

/* Words from_word .. key_words - 1 of the sums over the listed rows (NULL: the first n), four rows at a time. */
ISA_TARGET static void ISA(tally)(const fwc_table *t, const int32_t *rows, int64_t n, int64_t from_word, double *sums)
{
    const int64_t K = t->key_words;
    int64_t i = 0;
    for (; i + 4 <= n; i += 4) {
        int64_t r[4];
        double w[4];
        for (int j = 0; j < 4; j++) {
            r[j] = rows ? rows[i + j] : i + j;
            w[j] = t->weights[r[j]];
        }
        for (int64_t k = from_word; k < K; k++) {
            const uint64_t x0 = t->keys[r[0] * K + k], x1 = t->keys[r[1] * K + k], x2 = t->keys[r[2] * K + k],
                           x3 = t->keys[r[3] * K + k];
            for (int b = 0; b < 8; b++) {
                ISA(lanes) *to = (ISA(lanes) *)(sums + 64 * k + 8 * b);
                *to += (w[0] * *(const ISA(lanes) *)ones_of_byte[x0 >> 8 * b & 255] +
                        w[1] * *(const ISA(lanes) *)ones_of_byte[x1 >> 8 * b & 255]) +
                       (w[2] * *(const ISA(lanes) *)ones_of_byte[x2 >> 8 * b & 255] +
                        w[3] * *(const ISA(lanes) *)ones_of_byte[x3 >> 8 * b & 255]);
            }
        }
    }
    for (; i < n; i++) {
        const int64_t r = rows ? rows[i] : i;
        ISA(add_row)(t->keys + r * K + from_word, K - from_word, t->weights[r], sums + 64 * from_word);
    }
}

ISA_TARGET static void ISA(tally_counts)(const fwc_table *t, const uint16_t *count, double *sums)
{
    for (int64_t r = 0; r < t->n_rows; r++)
        ISA(add_row)(t->keys + r * t->key_words, t->key_words, t->weights[r], sums + 64 * t->key_words * count[r]);
}

/* count[r] += the bit of row r. */
ISA_TARGET static void ISA(add_column)(const uint64_t *words, int64_t n_words, uint64_t flip, uint16_t *count)
{
    for (int64_t w = 0; w < n_words; w++) {
        const uint64_t word = words[w] ^ flip;
        uint16_t *to = count + 64 * w;
        for (int q = 0; q < 4; q++) {
            const uint16_t part = (uint16_t)(word >> 16 * q);
            for (int b = 0; b < 16; b++)
                to[16 * q + b] += (uint16_t)((part & (uint16_t)(1u << b)) != 0);
        }
    }
}
