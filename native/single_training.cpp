#include "population.hpp"

namespace multilayer {

std::unique_ptr<Training> single_training(const Data& table, std::vector<Member> members,
                                          const std::vector<std::vector<Array>>& weights, int threads) {
    return std::make_unique<Population<float>>(table, std::move(members), weights, threads);
}

}  // namespace multilayer
