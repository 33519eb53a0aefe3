// Activations and losses of arrays, for tests: as the trainer computes them, by vectors.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include "activations.hpp"
#include "functions_binding.hpp"
#include "losses.hpp"
#include "optimizers_binding.hpp"
#include "wide.hpp"

namespace multilayer {

template <class T>
using RowsOf = nanobind::ndarray<const T, nanobind::ndim<2>, nanobind::c_contig, nanobind::device::cpu>;

// Numbers in C order as vectors: lane i of vector j is from[i * step + j * next], of `lanes` lanes; NaN in idle lanes.
template <class T>
std::vector<Vec<T>> in_lanes(const T* from, std::size_t lanes, std::size_t step, std::size_t count, std::size_t next) {
    std::vector<Vec<T>> vectors(count, Vec<T>(std::numeric_limits<T>::quiet_NaN()));
    for (std::size_t j = 0; j < count; ++j)
        for (std::size_t i = 0; i < lanes; ++i) vectors[j].set_lane(int(i), from[i * step + j * next]);
    return vectors;
}

// And back.
template <class T>
void from_lanes(const std::vector<Vec<T>>& vectors, T* to, std::size_t lanes, std::size_t step, std::size_t next) {
    for (std::size_t j = 0; j < vectors.size(); ++j)
        for (std::size_t i = 0; i < lanes; ++i) to[i * step + j * next] = vectors[j].lane(int(i));
}

// f(first, lanes) for every group of as many numbers as a vector has lanes, the last with idle ones.
template <class T, class F>
void by_lanes(std::size_t count, const F& f) {
    constexpr std::size_t LANES = Vec<T>::LANES;
    for (std::size_t first = 0; first < count; first += LANES) f(first, std::min(LANES, count - first));
}

template <class T>
nanobind::object flat(std::unique_ptr<T[]> values, std::size_t count) {
    return nanobind::cast(numpy_of(std::move(values), count));
}

// y and, where the activation trains, dx. Backward gets only the one of x and y that it says it reads.
template <class T>
nanobind::tuple activation_in_python(const nanobind::dict& entry, const ArrayOf<T>& x, const ArrayOf<T>& dy) {
    constexpr std::size_t LANES = Vec<T>::LANES;
    const Activation activation(named_in_python(entry));
    auto y = std::make_unique<T[]>(x.size()), dx = std::make_unique<T[]>(x.size());
    by_lanes<T>(x.size(), [&](std::size_t first, std::size_t lanes) {
        const auto inputs = in_lanes(x.data() + first, lanes, 1, 1, LANES);
        auto outputs = inputs, slopes = in_lanes(dy.data() + first, lanes, 1, 1, LANES);
        activate(activation, outputs.data(), outputs.data(), 1);
        from_lanes(outputs, y.get() + first, lanes, 1, LANES);
        if (!activation.trains()) return;
        const bool reads_input = activation.reads_input();
        activate_backward(activation, reads_input ? inputs.data() : nullptr, reads_input ? nullptr : outputs.data(),
                          slopes.data(), slopes.data(), 1);
        from_lanes(slopes, dx.get() + first, lanes, 1, LANES);
    });
    const nanobind::object derivative = activation.trains() ? flat(std::move(dx), x.size()) : nanobind::none();
    return nanobind::make_tuple(flat(std::move(y), x.size()), derivative);
}

// y and dx (rows, n) flat, and the gradient of the slopes over all rows as one block.
template <class T>
nanobind::tuple prelu_in_python(const RowsOf<T>& x, const ArrayOf<T>& slopes, const RowsOf<T>& dy) {
    const std::size_t rows = x.shape(0), n = x.shape(1);
    auto y = std::make_unique<T[]>(x.size()), dx = std::make_unique<T[]>(x.size()), gradient = std::make_unique<T[]>(n);
    by_lanes<T>(n, [&](std::size_t first, std::size_t lanes) {
        const Vec<T> leak = in_lanes(slopes.data() + first, lanes, 1, 1, 0)[0];
        const auto inputs = in_lanes(x.data() + first, lanes, 1, rows, n);
        auto outputs = inputs, derivatives = in_lanes(dy.data() + first, lanes, 1, rows, n);
        prelu_forward(inputs.data(), leak, outputs.data(), rows);
        const Vec<T> sum = prelu_backward(inputs.data(), leak, derivatives.data(), derivatives.data(), rows);
        from_lanes(outputs, y.get() + first, lanes, 1, n);
        from_lanes(derivatives, dx.get() + first, lanes, 1, n);
        store(gradient.get() + first, sum, int(lanes));
    });
    return nanobind::make_tuple(flat(std::move(y), x.size()), flat(std::move(dx), x.size()),
                                flat(std::move(gradient), n));
}

// y and dx (rows, n) flat.
template <class T>
nanobind::tuple softmax_in_python(const RowsOf<T>& x, const RowsOf<T>& dy) {
    const std::size_t rows = x.shape(0), n = x.shape(1);
    auto y = std::make_unique<T[]>(x.size()), dx = std::make_unique<T[]>(x.size());
    by_lanes<T>(rows, [&](std::size_t first, std::size_t lanes) {
        auto outputs = in_lanes(x.data() + first * n, lanes, n, n, 1);
        auto derivatives = in_lanes(dy.data() + first * n, lanes, n, n, 1);
        softmax_forward(outputs.data(), 1, int(n));
        softmax_backward(outputs.data(), derivatives.data(), 1, int(n));
        from_lanes(outputs, y.get() + first * n, lanes, n, 1);
        from_lanes(derivatives, dx.get() + first * n, lanes, n, 1);
    });
    return nanobind::make_tuple(flat(std::move(y), x.size()), flat(std::move(dx), x.size()));
}

// The sum of each row's losses, the slopes (rows, k) flat, and the sums once more without slopes. Target has a column
// for each term, or one for the class; the outputs lie `stride` vectors apart.
template <class T>
nanobind::tuple loss_in_python(const nanobind::dict& entry, const RowsOf<T>& outputs, const RowsOf<T>& target,
                               std::size_t stride) {
    const Loss loss(named_in_python(entry));
    const std::size_t rows = outputs.shape(0), k = outputs.shape(1), terms = target.shape(1);
    if (target.shape(0) != rows || terms != std::size_t(loss.terms(int(k))))
        throw nanobind::value_error("The target does not fit the outputs.");
    auto sums = std::make_unique<double[]>(rows), alone = std::make_unique<double[]>(rows);
    auto slopes = std::make_unique<T[]>(outputs.size());
    by_lanes<T>(rows, [&](std::size_t first, std::size_t lanes) {
        const auto units = in_lanes(outputs.data() + first * k, lanes, k, k, 1);
        const auto targets = in_lanes(target.data() + first * terms, lanes, terms, terms, 1);
        std::vector<Vec<T>> x(k * stride), apart(k * stride), slope(k);
        for (std::size_t j = 0; j < k; ++j) x[j * stride] = units[j];
        Wide<T> sum, measured;
        loss.evaluate(x.data(), targets.data(), apart.data(), sum, int(k), stride);
        loss.measure(x.data(), targets.data(), measured, int(k), stride);
        for (std::size_t j = 0; j < k; ++j) slope[j] = apart[j * stride];
        from_lanes(slope, slopes.get() + first * k, lanes, k, 1);
        for (std::size_t i = 0; i < lanes; ++i) {
            sums[first + i] = sum.lane(int(i));
            alone[first + i] = measured.lane(int(i));
        }
    });
    return nanobind::make_tuple(flat(std::move(sums), rows), flat(std::move(slopes), outputs.size()),
                                flat(std::move(alone), rows));
}

template <class T>
void bind_losses_of(nanobind::module_& module) {
    using nanobind::arg;
    module.def("activation", &activation_in_python<T>, arg("entry"), arg("x").noconvert(), arg("dy").noconvert());
    module.def("prelu", &prelu_in_python<T>, arg("x").noconvert(), arg("slopes").noconvert(), arg("dy").noconvert());
    module.def("softmax", &softmax_in_python<T>, arg("x").noconvert(), arg("dy").noconvert());
    module.def("loss", &loss_in_python<T>, arg("entry"), arg("outputs").noconvert(), arg("target").noconvert(),
               arg("stride") = 1);
}

inline void bind_losses(nanobind::module_& module) {
    bind_losses_of<float>(module);
    bind_losses_of<double>(module);
}

}  // namespace multilayer
