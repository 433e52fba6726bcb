/* The sorted list of the best functions that a search found.
 *
 * Before: #define FOUND (a struct with value, arity, lit, table), SEARCH (one with found, n_found, k, threshold and
 * three counts) and NAME(x) (the name of the function x); what they do is said where they are declared. */

int NAME(better)(const FOUND *x, const FOUND *y)
{
    double a = fabs(x->value), b = fabs(y->value);
    if (a != b) return a > b;
    if (x->arity != y->arity) return x->arity < y->arity;
    for (int i = 0; i < x->arity; i++)
        if (x->lit[i] != y->lit[i]) return x->lit[i] < y->lit[i];
    return x->table < y->table;
}

int64_t NAME(insert)(FOUND *list, int64_t n, int64_t cap, const FOUND *entry)
{
    int64_t low = 0, high = n;
    if (n == cap && !NAME(better)(entry, &list[n - 1])) return n;
    while (low < high) { /* the first place that entry does not lose */
        int64_t mid = (low + high) / 2;
        if (NAME(better)(&list[mid], entry)) low = mid + 1;
        else high = mid;
    }
    if (low < n && !NAME(better)(entry, &list[low])) return n; /* it is there */
    if (n < cap) n++;
    memmove(&list[low + 1], &list[low], (size_t)(n - 1 - low) * sizeof *list);
    list[low] = *entry;
    return n;
}

void NAME(merge)(SEARCH *s, const FOUND *list, int64_t n)
{
#pragma omp critical(fwc_found_merge)
    {
        for (int64_t i = 0; i < n; i++) s->n_found = NAME(insert)(s->found, s->n_found, s->k, &list[i]);
        const double worst = s->n_found == s->k ? fabs(s->found[s->k - 1].value) : 0;
        if (worst > s->threshold) {
#pragma omp atomic write
            s->threshold = worst;
        }
    }
}

void NAME(count)(SEARCH *s, const int64_t *counts)
{
#pragma omp critical(fwc_found_count)
    for (int i = 0; i < 3; i++) s->counts[i] += counts[i];
}
