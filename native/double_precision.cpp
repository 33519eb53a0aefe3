#include "population.hpp"
#include "prediction.hpp"

namespace multilayer {

std::unique_ptr<Training> double_training(const Data& data, std::vector<Member> members,
                                          const std::vector<std::vector<Array>>& weights, int threads) {
    const FloatingPointState state;
    return std::make_unique<Population<double>>(data, std::move(members), weights, threads);
}

std::unique_ptr<Predictor> double_predictor(const Data& shape, const Member& member, const std::vector<Array>& weights,
                                            int threads) {
    const FloatingPointState state;
    return std::make_unique<Prediction<double>>(shape, member, weights, threads);
}

}  // namespace multilayer
