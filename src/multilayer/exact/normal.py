"""The error function and the normal quantile in float64."""

from __future__ import annotations

import numpy as np

from multilayer.exact import double
from multilayer.exact.steps import Doubles, horner, table

ERF_NEAR = table(
    "0x1.06eba8214db69p-3 -0x1.812746b0379e7p-2 0x1.ce2f21a042bdep-4 -0x1.b82ce312889c2p-6 0x1.565bcd0e65193p-8 "
    "-0x1.c02db3fef019bp-11 0x1.f9a326c2d9163p-14 -0x1.f4d2562a12f74p-17 0x1.b9e6518dfbd62p-20 "
    "-0x1.5f6d9cbe80794p-23 0x1.fc43f04241ec2p-27 -0x1.4e635ae2711d7p-30 0x1.7f171e46ae774p-34 "
    "-0x1.29e14979e0115p-38"
)
"""erf(x) = x + x (ERF_NEAR[0] + ERF_NEAR[1] x^2 + ...), |x| <= 1; minimax, error 2^-68."""

ERF_FAR = table(
    "0x1.058671b52c776p-2 -0x1.b57034efd3f74p-2 0x1.eeea7dc8a787ep-3 -0x1.437f0b68c05c1p-4 "
    "0x1.e947159804c86p-9 0x1.ca95ed50ef5b9p-8 -0x1.bc25a4be8218dp-11 -0x1.016b5b66517b7p-10 "
    "0x1.6d5f38a65a731p-15 0x1.6da875eedcb8fp-13 0x1.cdcced621eb5ap-16 -0x1.ce5e738b39249p-16 "
    "-0x1.d56383a5e2f02p-17 0x1.5821161acb38dp-20 0x1.0c6f6f59f7480p-18 0x1.68835e7e29ae6p-20 "
    "-0x1.3e2c5c660fc84p-20"
)
"""1 - erf(x) = exp(-x^2) (ERF_FAR[0] + ERF_FAR[1] u + ...), u = (x - 2) / (x + 2), 1 <= x <= 6; minimax, 2^-56."""

CENTER = (
    (3.3871328727963666080, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
     4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3),
    (1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
     2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3),
)  # fmt: skip
SIDE = (
    (1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504,
     1.27045825245236838258, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4),
    (1.0, 2.05319162663775882187, 1.67638483018380384940, 6.89767334985100004550e-1,
     1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9),
)  # fmt: skip
FAR = (
    (6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 2.96560571828504891230e-1,
     2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7),
    (1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
     7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15),
)  # fmt: skip
"""Numerators and denominators of PPND16: Wichura, Algorithm AS 241, Applied Statistics 37 (1988), 477."""


def erf(x: Doubles) -> Doubles:
    size = np.minimum(np.abs(x), 6.0)  # erf(6) is 1 in float64
    z = size * size
    near = size + size * horner(ERF_NEAR, np.minimum(z, 1.0))
    u = (size - 2.0) / (size + 2.0)
    far = 1.0 - double.exp(-z) * horner(ERF_FAR, u)
    return np.where(np.isnan(x) | (x == 0), x, np.copysign(np.where(size < 1.0, near, far), x))


def normal_quantile(p: Doubles) -> Doubles:
    q = p - 0.5
    r = 0.180625 - q * q
    value = q * horner(CENTER[0], r) / horner(CENTER[1], r)
    outside = ~(np.abs(q) <= 0.425)
    value[outside] = np.copysign(_tail(np.where(q < 0, p, 1.0 - p)[outside]), q[outside])
    value = np.where(p == 0, -np.inf, np.where(p == 1, np.inf, value))
    return np.where((p >= 0) & (p <= 1), value, np.nan)


def _tail(p: Doubles) -> Doubles:
    """The quantile's size for a tail of probability 0 < p < 0.075."""
    r = np.sqrt(-double.log(p))
    side, far = r - 1.6, r - 5.0
    return np.where(r <= 5.0, horner(SIDE[0], side) / horner(SIDE[1], side), horner(FAR[0], far) / horner(FAR[1], far))
