// What tests look at from within: the parts of the engine, each by itself.
#pragma once

#include <nanobind/nanobind.h>

namespace multilayer {

void bind_probes(nanobind::module_& module);

}  // namespace multilayer
