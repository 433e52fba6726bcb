/* Sums of products of rows whose length is a multiple of FWC_LANES. */

typedef double ISA(v8) __attribute__((vector_size(64), aligned(8)));
typedef float ISA(vf) __attribute__((vector_size(4 * VL), aligned(4)));

ISA_TARGET static double ISA(dot)(int64_t n, const double *x, const double *y)
{
    ISA(v8) sum = {0.0}; // the same order of summation on every set
    for (int64_t i = 0; i < n; i += 8)
        sum += *(const ISA(v8) *)(x + i) * *(const ISA(v8) *)(y + i);
    return ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
}

ISA_TARGET static void ISA(axpy)(int64_t n, double a, const double *x, double *y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] += a * x[i];
}

ISA_TARGET static inline ISA(vf) ISA(madd)(ISA(vf) x, ISA(vf) y, ISA(vf) z)
{
#if VL == 16
    return (ISA(vf))_mm512_fmadd_ps((__m512)x, (__m512)y, (__m512)z);
#elif VL == 8
    return (ISA(vf))_mm256_fmadd_ps((__m256)x, (__m256)y, (__m256)z);
#else
    return x * y + z;
#endif
}

/* G = H H' for the m rows of H, in tiles of 4 by 2. */
ISA_TARGET static void ISA(gram)(int64_t m, int64_t n, const float *H, double *G)
{
    for (int64_t a = 0; a < m; a += 4)
        for (int64_t b = 0; b < a + 4 && b < m; b += 2) {
            const float *rows[4], *columns[2];
            ISA(vf) sums[4][2] = {0};
            for (int k = 0; k < 4; k++)
                rows[k] = H + (a + k < m ? a + k : a) * n;
            for (int k = 0; k < 2; k++)
                columns[k] = H + (b + k < m ? b + k : b) * n;
            for (int64_t i = 0; i < n; i += VL) {
                const ISA(vf) x = *(const ISA(vf) *)(columns[0] + i), y = *(const ISA(vf) *)(columns[1] + i);
                for (int k = 0; k < 4; k++) {
                    const ISA(vf) r = *(const ISA(vf) *)(rows[k] + i);
                    sums[k][0] = ISA(madd)(r, x, sums[k][0]);
                    sums[k][1] = ISA(madd)(r, y, sums[k][1]);
                }
            }
            for (int64_t k = 0; k < 4 && a + k < m; k++)
                for (int64_t l = 0; l < 2 && b + l < m; l++) {
                    double value = 0.0;
                    for (int i = 0; i < VL; i++)
                        value += (double)sums[k][l][i];
                    G[(a + k) * m + b + l] = G[(b + l) * m + a + k] = value;
                }
        }
}
