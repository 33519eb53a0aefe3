// The one binding between Python and the native engine.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "isa.hpp"

NB_MODULE(_native, module) {
    module.doc() = "The native engine of multilayer.";
    module.attr("compiler") = MULTILAYER_COMPILER;
    module.attr("flags") = MULTILAYER_FLAGS;
    module.def("supported_instruction_sets", &multilayer::supported_instruction_sets,
               "The instruction sets of this machine that the engine is written for, the best first.");
}
