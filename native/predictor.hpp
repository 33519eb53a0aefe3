// A trained network's answers for rows of any number, as the binding sees them; calls may run at the same time.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "training.hpp"

namespace multilayer {

class Predictor {
public:
    virtual ~Predictor() = default;

    // Columns of an answer: a class, a label or a number each.
    virtual std::int64_t columns() const = 0;
    // The answers of docs/arithmetic.md, 5.13, row after row. Whether every value of every row was finite.
    virtual bool answers(const Data& rows, double* to) const = 0;
    // The codes of the decided classes. Whether every value of every row was finite.
    virtual bool decisions(const Data& rows, std::int64_t* to) const = 0;
};

// A member's description gives layers, loss and preparation; of `shape` only the kind of target is read.
std::unique_ptr<Predictor> single_predictor(const Data& shape, const Member& member, const std::vector<Array>& weights,
                                            int threads);
std::unique_ptr<Predictor> double_predictor(const Data& shape, const Member& member, const std::vector<Array>& weights,
                                            int threads);

}  // namespace multilayer
