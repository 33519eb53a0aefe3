// A part of a recipe as plain data: {"name": ..., option: number ...}, as it stands in a recipe's document.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace multilayer {

struct Named {
    std::string name;
    std::map<std::string, double> options;  // yes and no are 1 and 0; an option that is none is left out
    std::vector<Named> then;                // of a warm-up: the schedule that follows, or nothing

    bool has(const std::string& option) const { return options.count(option) != 0; }
    double operator[](const std::string& option) const { return options.at(option); }
};

}  // namespace multilayer
