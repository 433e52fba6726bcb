/* Triples i < j < k with one pair (i, j) of first columns; included once for each instruction set. */

enum { ISA(AT_ONCE) = 32 };

/* The larger value goes first. */
ISA_TARGET static inline void ISA(keep)(int16_t sum, int16_t *first, int16_t *second)
{
    const int16_t lower = sum < *first ? sum : *first;
    *first = sum > *first ? sum : *first;
    *second = lower > *second ? lower : *second;
}

ISA_TARGET static void ISA(triples)(const uint64_t *columns, const uint64_t *mixed, int64_t ld, int64_t n_words,
                                    int64_t n_rows, int64_t n, int64_t i, int64_t j, int16_t *first, int16_t *second)
{
    int16_t *first_i = first + i * ld, *second_i = second + i * ld, *first_j = first + j * ld, *second_j = second + j * ld;
    int16_t top = first_i[j], next = second_i[j];
    for (int64_t k0 = (j + 1) / ISA(AT_ONCE) *ISA(AT_ONCE); k0 < n; k0 += ISA(AT_ONCE)) {
        uint64_t ones[ISA(AT_ONCE)] = {0};
        int16_t sum[ISA(AT_ONCE)];
        for (int64_t w = 0; w < n_words; w++)
            for (int l = 0; l < ISA(AT_ONCE); l++)
                ones[l] += (uint64_t)__builtin_popcountll(mixed[w] ^ columns[w * ld + k0 + l]);
        for (int l = 0; l < ISA(AT_ONCE); l++) {
            const int16_t s = (int16_t)(n_rows - 2 * (int64_t)ones[l]), size = s < 0 ? -s : s;
            sum[l] = k0 + l > j && k0 + l < n ? size : 0;
        }
        for (int l = 0; l < ISA(AT_ONCE); l++) {
            ISA(keep)(sum[l], first_i + k0 + l, second_i + k0 + l);
            ISA(keep)(sum[l], first_j + k0 + l, second_j + k0 + l);
        }
        for (int l = 0; l < ISA(AT_ONCE); l++)
            if (sum[l] > next)
                ISA(keep)(sum[l], &top, &next);
    }
    first_i[j] = top;
    second_i[j] = next;
}
