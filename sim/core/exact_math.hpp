#pragma once

/// Elementary functions with the same bits on every machine: only + - * / sqrt and bit moves, whose
/// results IEEE 754 fixes; libm's it does not. Error bounds are tested against libquadmath.
namespace driftstorm::exact {

double log(double x);              ///< natural logarithm; x > 0; < 1 ulp
double exp(double x);              ///< < 1 ulp; 0 below -745.2, infinity above 709.79
double pow(double x, double y);    ///< x > 0 (or x == 0 with y > 0); < 1 ulp
double sin(double x);              ///< |x| <= 2^30; absolute error < 1 ulp of 1
double cos(double x);              ///< |x| <= 2^30; absolute error < 1 ulp of 1
double atan2(double y, double x);  ///< < 2 ulp
double log1p(double x);            ///< log(1 + x), accurate near 0; x > -1
double expm1(double x);            ///< exp(x) - 1, accurate near 0
double log10(double x);            ///< for decibels; < 2 ulp

/// Inverse of the standard normal distribution function; u in (0, 1).
/// Source: Wichura, "Algorithm AS 241", Applied Statistics 37 (1988), PPND16; relative error about
/// 1e-16.
double inverse_normal(double u);

}  // namespace driftstorm::exact
