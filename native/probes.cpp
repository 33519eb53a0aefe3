// What tests look at from within: the parts of the engine, each by itself.
#include <nanobind/nanobind.h>

#include "functions_binding.hpp"
#include "losses_binding.hpp"
#include "metrics_binding.hpp"
#include "optimizers_binding.hpp"
#include "streams_binding.hpp"

NB_MODULE(MULTILAYER_MODULE, module) {
    module.doc() = "Parts of the native engine, for one instruction set.";
    multilayer::bind_functions(module);
    multilayer::bind_losses(module);
    multilayer::bind_metrics(module);
    multilayer::bind_optimizers(module);
    multilayer::bind_streams(module);
}
