#include "population.hpp"
#include "prediction.hpp"

namespace multilayer {

std::unique_ptr<Training> single_training(const Data& data, std::vector<Member> members,
                                          const std::vector<std::vector<Array>>& weights, int threads) {
    const FloatingPointState state;
    return std::make_unique<Population<float>>(data, std::move(members), weights, threads);
}

std::unique_ptr<Predictor> single_predictor(const Data& shape, const Member& member, const std::vector<Array>& weights,
                                            int threads) {
    const FloatingPointState state;
    return std::make_unique<Prediction<float>>(shape, member, weights, threads);
}

}  // namespace multilayer
