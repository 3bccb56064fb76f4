// Elementary functions in double, relative error below 1e-15. Own code: the bits must not depend on the JavaScript engine.
#pragma once

double expReal(double x);
double logReal(double x);  // x > 0
double squareRoot(double x);
