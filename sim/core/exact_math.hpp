#pragma once

#include <array>

/// Elementary functions with the same bits on every machine: only + - * / sqrt and bit moves, whose
/// results IEEE 754 fixes; libm's it does not. Zeros, infinities and what is no number are answered
/// as C answers them. Error bounds, in units in the last place (ulp), are tested against MPFR;
/// subnormals are no exception.
namespace driftstorm::exact {

double log(double x);            ///< natural logarithm; < 0.51 ulp
double exp(double x);            ///< < 0.51 ulp; 0 below -745.2, infinity above 709.79
double pow(double x, double y);  ///< < 0.53 ulp; a negative x needs a whole y

/// |x| <= 2^30, more breaks a promise; < 0.85 ulp, but next to a zero of the function no better
/// than 2^-66.
double sin(double x);
double cos(double x);  ///< as sin

double atan2(double y, double x);  ///< < 1.5 ulp
double log1p(double x);            ///< log(1 + x), accurate near 0; < 0.75 ulp
double expm1(double x);            ///< exp(x) - 1, accurate near 0; < 0.75 ulp
double log10(double x);            ///< for decibels; < 0.51 ulp, and exact for powers of ten

/// Inverse of the standard normal distribution function; u in (0, 1); relative error below 1e-15
/// for u from 1e-300 up. Odd about 1/2. At 0 and 1 the infinities, beyond them no number. Source:
/// Wichura, "Algorithm AS 241", Applied Statistics 37 (1988), PPND16.
double inverse_normal(double u);
/// Of two at once, in little more than the time of one.
std::array<double, 2> inverse_normal(const std::array<double, 2>& u);

}  // namespace driftstorm::exact
