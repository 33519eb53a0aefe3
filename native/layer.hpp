// What every layer of the engine is: a description that members share, working on arrays that it is given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "layout.hpp"
#include "team.hpp"

namespace multilayer {

enum class Role { WEIGHT, BIAS, GAIN, BUFFER };

// An array of a layer's among all of a member's, which stand one after the other in one flat array (buffers in
// another): pieces x n_in x n_out for weights, in panels, else n_out values.
struct Slot {
    std::string name;  // "0.W": the layer's position among the recipe's layers, and the array's own
    Role role;
    bool frozen;
    int pieces, n_in, n_out;
    std::size_t offset;
    std::vector<std::int64_t> shape;  // as the world sees it

    std::size_t size() const { return std::size_t(pieces) * n_in * n_out; }
};

// The parameters of a linear layer.
struct LinearSlots {
    Slot weight;
    std::optional<Slot> bias;
};

// One batch on its way through a network.
template <class T>
struct Pass {
    const T* parameters;
    T* gradients;
    T* buffers;
    int rows;
    bool training;
    std::uint64_t seed;
    std::uint32_t step;  // training steps before this one
    Team& team;
    bool goes_on = false;  // these rows follow others of the same batch: gradients are added to
    // A ReLU beside a linear layer is done where the layer stores: y of the ReLU behind it, dx of the one before it.
    bool rectify = false, gate = false;
};

template <class T, bool ABREAST>
class Layer {
public:
    using Place = Layout<T, ABREAST>;

    Layer(int n_in, int n_out) : n_in(n_in), n_out(n_out) {}
    virtual ~Layer() = default;
    Layer(const Layer&) = delete;
    Layer& operator=(const Layer&) = delete;

    const int n_in, n_out;

    // Numbers that forward leaves for backward, besides x and y.
    virtual std::size_t notes(int) const { return 0; }

    // Whether y may take the place of x, and dx that of dy.
    virtual bool in_place() const { return false; }
    // Whether the way back reads y, which then must stay as it is.
    virtual bool reads_output() const { return false; }

    virtual void forward(const Pass<T>& pass, const T* x, T* y, T* notes) const = 0;

    // Sets the gradients of the layer's parameters and gives dx, unless there is nowhere to put it. dx is dy where the
    // layer works in place, and elsewhere does not overlap it.
    virtual void backward(const Pass<T>& pass, const T* x, const T* y, T* dy, T* dx, T* notes) const = 0;

protected:
    // A parameter among the flat ones of a member, or of members abreast.
    template <class Array>
    static Array* at(Array* all, std::size_t offset) {
        return all + offset * Place::MEMBERS;
    }
    // f(column) for every column, divided among the team.
    template <class F>
    static void each_column(const Pass<T>& pass, int units, double cost_of_vector, const F& f) {
        pass.team.each(Place::columns(units), cost_of_vector * pass.rows, [&](std::size_t begin, std::size_t end) {
            for (std::size_t c = begin; c < end; ++c) f(int(c));
        });
    }
    static Vec<T> vector(const T* x, int rows, int column, int row) {
        return load<Vec<T>>(x + (std::ptrdiff_t(column) * rows + row) * LANES<T>);
    }
    static void put(T* x, int rows, int column, int row, Vec<T> value) {
        store(x + (std::ptrdiff_t(column) * rows + row) * LANES<T>, value);
    }
};

}  // namespace multilayer
