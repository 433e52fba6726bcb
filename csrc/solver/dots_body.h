/* Sums of products of rows whose length is a multiple of eight; the order of summation is the same for every set. */

typedef double ISA(v8) __attribute__((vector_size(64), aligned(8)));

ISA_TARGET static double ISA(dot)(int64_t n, const double *x, const double *y)
{
    ISA(v8) sum = {0.0};
    for (int64_t i = 0; i < n; i += 8)
        sum += *(const ISA(v8) *)(x + i) * *(const ISA(v8) *)(y + i);
    return ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
}

ISA_TARGET static void ISA(axpy)(int64_t n, double a, const double *x, double *y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] += a * x[i];
}

/* G = H H' for the m rows of H, two by two. */
ISA_TARGET static void ISA(gram)(int64_t m, int64_t n, const double *H, double *G)
{
    for (int64_t a = 0; a < m; a += 2)
        for (int64_t b = 0; b <= a; b += 2) {
            const int64_t a1 = a + 1 < m ? a + 1 : a, b1 = b + 1 < m ? b + 1 : b;
            const double *p = H + a * n, *q = H + a1 * n, *r = H + b * n, *s = H + b1 * n;
            ISA(v8) pr = {0.0}, ps = {0.0}, qr = {0.0}, qs = {0.0};
            for (int64_t i = 0; i < n; i += 8) {
                const ISA(v8) P = *(const ISA(v8) *)(p + i), Q = *(const ISA(v8) *)(q + i);
                const ISA(v8) R = *(const ISA(v8) *)(r + i), S = *(const ISA(v8) *)(s + i);
                pr += P * R, ps += P * S, qr += Q * R, qs += Q * S;
            }
            const ISA(v8) sums[4] = {pr, ps, qr, qs};
            const int64_t row[4] = {a, a, a1, a1}, column[4] = {b, b1, b, b1};
            for (int k = 0; k < 4; k++) {
                const ISA(v8) v = sums[k];
                const double value = ((v[0] + v[4]) + (v[1] + v[5])) + ((v[2] + v[6]) + (v[3] + v[7]));
                G[row[k] * m + column[k]] = G[column[k] * m + row[k]] = value;
            }
        }
}
