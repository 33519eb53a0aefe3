// The elementary functions of arrays, for tests: as the trainer computes them, by vectors or one by one.
#pragma once

#include <algorithm>
#include <memory>
#include <string>

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>

#include "circle.hpp"
#include "functions.hpp"
#include "scalar_functions.hpp"

namespace multilayer {

template <class T>
using ArrayOf = nanobind::ndarray<const T, nanobind::ndim<1>, nanobind::c_contig, nanobind::device::cpu>;
template <class T>
using NumpyOf = nanobind::ndarray<nanobind::numpy, T, nanobind::ndim<1>>;

template <class T>
NumpyOf<T> numpy_of(std::unique_ptr<T[]> values, std::size_t count) {
    T* const data = values.release();
    nanobind::capsule owner(data, [](void* from) noexcept { delete[] static_cast<T*>(from); });
    return NumpyOf<T>(data, {count}, owner);
}

// The function of each number for itself.
template <class T, class Function>
NumpyOf<T> of_numbers(const ArrayOf<T>& x, Function function) {
    auto y = std::make_unique<T[]>(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) y[i] = function(x.data()[i]);
    return numpy_of(std::move(y), x.size());
}

// The function of vectors, the last with idle lanes.
template <class T, class Function>
NumpyOf<T> of_vectors(const ArrayOf<T>& x, Function function) {
    auto y = std::make_unique<T[]>(x.size());
    for (std::size_t i = 0; i < x.size(); i += Vec<T>::LANES) {
        const std::size_t lanes = std::min<std::size_t>(Vec<T>::LANES, x.size() - i);
        Vec<T> value(T(0));
        std::memcpy(&value, x.data() + i, lanes * sizeof(T));
        store(y.get() + i, function(value), static_cast<int>(lanes));
    }
    return numpy_of(std::move(y), x.size());
}

template <class T>
NumpyOf<T> evaluate(const std::string& name, ArrayOf<T> x, bool one_by_one) {
    const auto by = [&](auto function) { return one_by_one ? of_numbers<T>(x, function) : of_vectors<T>(x, function); };
    if (name == "exp") return by([](auto v) { return exp(v); });
    if (name == "expm1") return by([](auto v) { return expm1(v); });
    if (name == "log") return by([](auto v) { return log(v); });
    if (name == "log1p") return by([](auto v) { return log1p(v); });
    if (name == "tanh") return by([](auto v) { return tanh(v); });
    if (name == "sigmoid") return by([](auto v) { return sigmoid(v); });
    if (name == "softplus") return by([](auto v) { return softplus(v); });
    if (name == "erf") return by([](auto v) { return erf(v); });
    if (name == "sin") return by([](auto v) { return sin(v); });
    if (name == "cos") return by([](auto v) { return cos(v); });
    if constexpr (std::is_same_v<T, double>) {
        if (name == "normal_quantile") return by([](auto v) { return normal_quantile(v); });
        if (name == "log2") return of_numbers<T>(x, [](double v) { return log2(v); });
    }
    throw nanobind::value_error(("There is no function '" + name + "' of this precision.").c_str());
}

inline NumpyOf<double> evaluate_power(ArrayOf<double> x, ArrayOf<double> y) {
    if (x.size() != y.size()) throw nanobind::value_error("x and y must have the same length.");
    auto z = std::make_unique<double[]>(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) z[i] = power(x.data()[i], y.data()[i]);
    return numpy_of(std::move(z), x.size());
}

inline void bind_functions(nanobind::module_& module) {
    using nanobind::arg;
    const char* const words = "The function of docs/arithmetic.md, section 3, of each element.";
    module.def("evaluate", &evaluate<float>, arg("name"), arg("x").noconvert(), arg("one_by_one") = false, words);
    module.def("evaluate", &evaluate<double>, arg("name"), arg("x").noconvert(), arg("one_by_one") = false, words);
    module.def("power", &evaluate_power, arg("x").noconvert(), arg("y").noconvert(), "x to the power of y, float64.");
}

}  // namespace multilayer
