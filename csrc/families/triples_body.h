/* One first column of the triples; included once for each instruction set (csrc/simd.h). */

ISA_TARGET static void ISA(triples)(const uint64_t *words, const uint64_t *label, int64_t n, int64_t n_words,
                                    int64_t n_rows, int64_t i, uint64_t *mixed, int32_t *sums)
{
    for (int64_t j = i + 1; j < n; j++) {
        for (int64_t w = 0; w < n_words; w++)
            mixed[w] = words[i * n_words + w] ^ words[j * n_words + w] ^ label[w];
        int64_t first = 0, second = 0;
        for (int64_t k = 0; k < n; k++) {
            if (k == i || k == j)
                continue;
            const uint64_t *column = words + k * n_words;
            int64_t ones = 0;
            for (int64_t w = 0; w < n_words; w++)
                ones += __builtin_popcountll(mixed[w] ^ column[w]);
            const int64_t sum = n_rows > 2 * ones ? n_rows - 2 * ones : 2 * ones - n_rows;
            if (sum > first) {
                second = first;
                first = sum;
            } else if (sum > second) {
                second = sum;
            }
        }
        sums[i * n + j] = (int32_t)(first + second);
    }
}
