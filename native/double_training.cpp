#include "population.hpp"

namespace multilayer {

std::unique_ptr<Training> double_training(const Data& table, std::vector<Member> members,
                                          const std::vector<std::vector<Array>>& weights, int threads) {
    return std::make_unique<Population<double>>(table, std::move(members), weights, threads);
}

}  // namespace multilayer
