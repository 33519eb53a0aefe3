// The layers of a recipe, compiled: what they compute, and where their arrays stand.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "dense_layers.hpp"
#include "hidden_layer.hpp"
#include "layer.hpp"
#include "named.hpp"
#include "norm_layers.hpp"
#include "unit_layers.hpp"

namespace multilayer {

constexpr std::size_t SLACK = 2048;  // bytes behind every array: a vector, or a group's rows, may be read beyond it

// Numbers aligned to vectors, from 0, with slack behind.
template <class T>
class Numbers {
public:
    Numbers() = default;
    explicit Numbers(std::size_t size) : size_(size) {
        const std::size_t bytes = (size * sizeof(T) + SLACK + VECTOR_BYTES - 1) / VECTOR_BYTES * VECTOR_BYTES;
        data_.reset(static_cast<T*>(::operator new(bytes, std::align_val_t(VECTOR_BYTES))));
        std::memset(static_cast<void*>(data_.get()), 0, bytes);
    }
    Numbers(Numbers&&) = default;
    Numbers& operator=(Numbers&&) = default;

    std::size_t size() const { return size_; }
    T* data() { return data_.get(); }
    const T* data() const { return data_.get(); }
    T& operator[](std::size_t i) { return data_.get()[i]; }
    const T& operator[](std::size_t i) const { return data_.get()[i]; }

private:
    struct Free {
        void operator()(T* data) const { ::operator delete(data, std::align_val_t(VECTOR_BYTES)); }
    };
    std::unique_ptr<T, Free> data_;
    std::size_t size_ = 0;
};

// The arrays of a network, by the shapes alone.
struct Slots {
    std::vector<Slot> parameters, buffers;

    static std::size_t size(const std::vector<Slot>& slots) {
        return slots.empty() ? 0 : slots.back().offset + slots.back().size();
    }
    // An array of this shape: the last axis counts outputs, the one before it inputs of a weight or pieces of a bias.
    const Slot& add(std::vector<Slot>& to, int layer, const char* name, Role role, bool frozen,
                    const std::vector<std::int64_t>& shape) {
        Slot slot{std::to_string(layer) + "." + name, role, frozen, 1, 1, int(shape.back()), size(to), shape};
        const bool weight = role == Role::WEIGHT;
        if (weight) slot.n_in = int(shape[shape.size() - 2]);
        if (shape.size() > (weight ? 2 : 1)) slot.pieces = int(shape[0]);
        to.push_back(slot);
        return to.back();
    }
};

// Where one batch is kept on its way: what a network's layers give and note, forward and back.
template <class T>
struct Workspace {
    Numbers<T> input;
    std::vector<Numbers<T>> outputs, notes;
    Numbers<T> slopes[2];
};

template <class T, bool ABREAST>
class Network {
public:
    using Place = Layout<T, ABREAST>;

    Network(const std::vector<Named>& layers, int n_in) : n_in_(n_in) {
        int width = n_in;
        std::vector<std::string> names;
        for (std::size_t position = 0; position < layers.size(); ++position) {
            names.push_back(layers[position].name);
            if (hidden(layers, position)) {
                names.back() = "hidden";
                layers_.push_back(hidden_layer(layers[position], layers[position + 2], int(position), width));
                position += 2;
            } else {
                layers_.push_back(layer(layers[position], int(position), width));
            }
            width = layers_.back()->n_out;
        }
        for (std::size_t i = 0; i < names.size(); ++i) {
            const bool rectifies = names[i] == "relu" && layers_[i]->n_out > 1;
            done_forward_.push_back(rectifies && i > 0 && names[i - 1] == "linear");
            done_backward_.push_back(rectifies && i + 1 < names.size() &&
                                     (names[i + 1] == "linear" || names[i + 1] == "hidden"));
        }
        n_out_ = width;
    }

    int n_in() const { return n_in_; }
    int n_out() const { return n_out_; }
    int depth() const { return int(layers_.size()); }
    int width(int layer) const { return layers_[layer]->n_out; }
    // Whether a layer sees all rows of a batch together.
    bool needs_whole_batches() const { return !slots_.buffers.empty(); }
    const Slots& slots() const { return slots_; }
    std::size_t parameters() const { return Slots::size(slots_.parameters); }
    std::size_t buffers() const { return Slots::size(slots_.buffers); }

    Workspace<T> workspace(int rows) const {
        Workspace<T> space;
        space.input = Numbers<T>(Place::size(n_in_, rows));
        int widest = n_in_;
        for (std::size_t i = 0; i < layers_.size(); ++i) {
            widest = std::max(widest, layers_[i]->n_out);
            space.outputs.emplace_back(shares(i) ? 0 : Place::size(layers_[i]->n_out, rows));
            space.notes.emplace_back(layers_[i]->notes(rows));
        }
        for (auto& slopes : space.slopes) slopes = Numbers<T>(Place::size(widest, rows));
        return space;
    }

    // What a workspace for so many rows takes, in bytes.
    double workspace_bytes(int rows) const {
        double numbers = double(Place::size(n_in_, rows));
        int widest = n_in_;
        for (std::size_t i = 0; i < layers_.size(); ++i) {
            widest = std::max(widest, layers_[i]->n_out);
            numbers += (shares(i) ? 0.0 : double(Place::size(layers_[i]->n_out, rows))) +
                       double(layers_[i]->notes(rows));
        }
        return (numbers + 2.0 * double(Place::size(widest, rows))) * sizeof(T);
    }

    // The outputs for the rows in the workspace's input.
    const T* forward(const Pass<T>& pass, Workspace<T>& space) const { return forward_to(pass, space, depth() - 1); }

    // The same as far as layer `last`: its outputs.
    const T* forward_to(const Pass<T>& pass, Workspace<T>& space, int last) const {
        Pass<T> way = pass;
        for (int i = 0; i <= last; ++i) {
            if (done_forward_[i]) continue;
            way.rectify = i < last && done_forward_[i + 1];
            layers_[i]->forward(way, output(space, i - 1), output(space, i), space.notes[i].data());
        }
        return output(space, last);
    }

    // Sets the gradients, from the outputs' slopes in slopes[0]; gives the input's slopes where they are asked for.
    const T* backward(const Pass<T>& pass, Workspace<T>& space, bool of_input = false) const {
        T *dy = space.slopes[0].data(), *dx = space.slopes[1].data();
        const int first = of_input ? 0 : first_with_parameters_;
        Pass<T> way = pass;
        for (int i = depth() - 1; i >= first; --i) {
            if (done_backward_[i]) continue;
            const bool wanted = of_input || i > first, stays = layers_[i]->in_place();
            way.gate = wanted && i > 0 && done_backward_[i - 1];
            layers_[i]->backward(way, output(space, i - 1), output(space, i), dy, !wanted ? nullptr : stays ? dy : dx,
                                 space.notes[i].data());
            if (!stays) std::swap(dy, dx);
        }
        return dy;
    }

    // The output of layer i; of layer -1, the input.
    T* output(Workspace<T>& space, int i) const {
        while (i >= 0 && shares(i)) --i;
        return i < 0 ? space.input.data() : space.outputs[i].data();
    }
    // Whether layer i writes over its input, so that the output before it is lost.
    bool shares(std::size_t i) const { return i > 0 && layers_[i]->in_place() && keeps_nothing(i - 1); }

private:
    using Layers = std::vector<std::unique_ptr<Layer<T, ABREAST>>>;

    // Whether layer i does without its own output on the way back.
    bool keeps_nothing(std::size_t i) const { return !layers_[i]->reads_output(); }

    using Shape = std::vector<std::int64_t>;

    static bool frozen(const Named& entry) { return entry.has("frozen") && entry["frozen"] != 0; }

    Slot parameter(const Named& entry, int position, const char* own, Role role, const Shape& shape) {
        if (first_with_parameters_ == NONE) first_with_parameters_ = int(layers_.size());
        return slots_.add(slots_.parameters, position, own, role, frozen(entry), shape);
    }

    LinearSlots linear_slots(const Named& entry, int position, int n) {
        const int units = int(entry["units"]);
        LinearSlots slots{parameter(entry, position, "W", Role::WEIGHT, {n, units}), {}};
        if (entry["bias"] != 0) slots.bias = parameter(entry, position, "b", Role::BIAS, {units});
        return slots;
    }

    // Whether a linear layer, a ReLU and a linear layer, from this position on, are taken as one.
    static bool hidden(const std::vector<Named>& layers, std::size_t position) {
        if (!ABREAST || position + 2 >= layers.size()) return false;
        const Named &before = layers[position], &behind = layers[position + 2];
        return before.name == "linear" && layers[position + 1].name == "relu" && behind.name == "linear" &&
               behind["units"] <= HiddenLayer<T>::MOST_OUTPUTS && !frozen(before) && !frozen(behind);
    }

    std::unique_ptr<Layer<T, ABREAST>> hidden_layer(const Named& before, const Named& behind, int position, int n) {
        if constexpr (ABREAST) {
            const LinearSlots first = linear_slots(before, position, n);
            return std::make_unique<HiddenLayer<T>>(first, linear_slots(behind, position + 2, first.weight.n_out));
        }
        throw std::logic_error("A member alone has its layers one by one.");
    }

    std::unique_ptr<Layer<T, ABREAST>> layer(const Named& entry, int position, int n) {
        const std::string& name = entry.name;
        const auto parameter = [&](const char* own, Role role, const Shape& shape) -> Slot {
            return this->parameter(entry, position, own, role, shape);
        };
        const auto one_a_unit = [&](const char* own, Role role) { return parameter(own, role, {n}); };
        if (name == "linear")
            return std::make_unique<LinearLayer<T, ABREAST>>(linear_slots(entry, position, n));
        if (name == "maxout") {
            const int units = int(entry["units"]), pieces = int(entry["pieces"]);
            const Slot weight = parameter("W", Role::WEIGHT, {pieces, n, units});
            return std::make_unique<MaxoutLayer<T, ABREAST>>(weight, parameter("b", Role::BIAS, {pieces, units}));
        }
        if (name == "layer_norm" || name == "batch_norm") {
            const Slot gain = one_a_unit("gain", Role::GAIN), shift = one_a_unit("shift", Role::BIAS);
            if (name == "layer_norm")
                return std::make_unique<LayerNormLayer<T, ABREAST>>(gain, shift, entry["epsilon"]);
            const auto buffer = [&](const char* own) -> Slot {
                return slots_.add(slots_.buffers, position, own, Role::BUFFER, frozen(entry), {n});
            };
            const Slot mean = buffer("running_mean"), variance = buffer("running_var");
            return std::make_unique<BatchNormLayer<T, ABREAST>>(gain, shift, mean, variance, entry["momentum"],
                                                                entry["epsilon"]);
        }
        if (name == "scale") return std::make_unique<ScaleLayer<T, ABREAST>>(one_a_unit("s", Role::GAIN));
        if (name == "prelu") return std::make_unique<PreluLayer<T, ABREAST>>(one_a_unit("slopes", Role::GAIN));
        if (name == "softmax") return std::make_unique<SoftmaxLayer<T, ABREAST>>(n);
        if constexpr (!ABREAST)
            if (name == "dropout") return std::make_unique<DropoutLayer<T>>(n, position, entry["p_drop"]);
        if (!Activation::exists(name)) throw std::invalid_argument("The engine has no layer '" + name + "'.");
        return std::make_unique<ActivationLayer<T, ABREAST>>(n, entry);
    }

    static constexpr int NONE = 1 << 30;

    int n_in_, n_out_ = 0, first_with_parameters_ = NONE;
    Slots slots_;
    Layers layers_;
    std::vector<bool> done_forward_, done_backward_;  // ReLUs that the linear layer before or behind does on its way
};

}  // namespace multilayer
