// A training of a population as the binding sees it, whichever the precision.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "member.hpp"

namespace multilayer {

// An array by name, in C order, of the training's precision.
struct Array {
    std::string name;
    std::vector<std::int64_t> shape;
    std::vector<char> bytes;
};

class Training {
public:
    virtual ~Training() = default;

    // Goes on by so many epochs or steps (below 0: to the end); `interrupted` is asked by the calling thread alone, every
    // few milliseconds. Whether the members got there.
    virtual bool advance(std::int64_t epochs, std::int64_t steps, const std::function<bool()>& interrupted) = 0;
    // Ends every member that is still in training, with the weights to keep.
    virtual void interrupt() = 0;

    virtual const Progress& progress(std::size_t member) const = 0;
    virtual const std::vector<double>& history(std::size_t member) const = 0;

    virtual std::vector<Array> weights(std::size_t member) const = 0;
    virtual void set_weights(std::size_t member, const std::vector<Array>& weights) = 0;

    // For encoded rows: the outputs of layer `layer` (-1: the prepared inputs), row after row.
    virtual std::vector<char> outputs(std::size_t member, const Data& rows, int layer) const = 0;
    virtual std::vector<char> input_gradient(std::size_t member, const Data& rows, int output) const = 0;
    virtual int width(std::size_t member, int layer) const = 0;
    virtual int depth(std::size_t member) const = 0;

    // What changes in training, besides progress and history.
    virtual std::vector<Array> state(std::size_t member) const = 0;
    virtual void restore(std::size_t member, const Progress& progress, const std::vector<double>& history,
                         const std::vector<Array>& arrays) = 0;
};

// Members start from these weights. `threads` below 1 stands for every processor.
std::unique_ptr<Training> single_training(const Data& table, std::vector<Member> members,
                                          const std::vector<std::vector<Array>>& weights, int threads);
std::unique_ptr<Training> double_training(const Data& table, std::vector<Member> members,
                                          const std::vector<std::vector<Array>>& weights, int threads);

}  // namespace multilayer
