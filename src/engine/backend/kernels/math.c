#include "math.h"

static const double LN2_HIGH =
    6.93147180369123816490e-01;  // ln 2 in two parts: the first has zeros where n*LN2_HIGH would round
static const double LN2_LOW = 1.90821492927058770002e-10;
static const double INVERSE_LN2 = 1.44269504088896338700;
#define EXPONENT_BIAS 1023
#define MANTISSA_BITS 52

typedef union {
  double value;
  unsigned long long bits;
} Bits;

static double powerOfTwo(int n) {
  return ((Bits){.bits = (unsigned long long)(n + EXPONENT_BIAS) << MANTISSA_BITS}).value;
}

/** e^x = 2^n · e^r, |r| ≤ ln2/2, e^r by its Taylor series to r^13 (next term: 5e-18). */
double expReal(double x) {
  if (x != x) return x;
  if (x > 709.7) return __builtin_inf();
  if (x < -708) return 0;
  const int n = (int)(x * INVERSE_LN2 + (x < 0 ? -0.5 : 0.5));
  const double r = (x - n * LN2_HIGH) - n * LN2_LOW;
  double sum = 1;
  for (int i = 13; i > 0; i--) sum = 1 + sum * r / i;
  return n > EXPONENT_BIAS ? sum * powerOfTwo(n - 1) * 2 : sum * powerOfTwo(n);
}

/** ln x = n·ln2 + 2·artanh((m − 1)/(m + 1)), x = 2^n·m, m in [√½, √2); the series to s^23 (next term: 2e-19). */
double logReal(double x) {
  Bits b = {x};
  int n = (int)(b.bits >> MANTISSA_BITS) - EXPONENT_BIAS;
  b.bits = (b.bits & ((1ULL << MANTISSA_BITS) - 1)) | ((unsigned long long)EXPONENT_BIAS << MANTISSA_BITS);
  double m = b.value;
  if (m > 1.4142135623730951) {
    m /= 2;
    n++;
  }
  const double s = (m - 1) / (m + 1), s2 = s * s;
  double sum = 0;
  for (int i = 23; i > 0; i -= 2) sum = sum * s2 + 1.0 / i;
  return n * LN2_HIGH + (2 * s * sum + n * LN2_LOW);
}

double squareRoot(double x) { return __builtin_sqrt(x); }
