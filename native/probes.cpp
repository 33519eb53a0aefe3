#include "probes.hpp"

#include "functions_binding.hpp"
#include "losses_binding.hpp"
#include "metrics_binding.hpp"
#include "optimizers_binding.hpp"
#include "streams_binding.hpp"

namespace multilayer {

void bind_probes(nanobind::module_& module) {
    bind_functions(module);
    bind_losses(module);
    bind_metrics(module);
    bind_optimizers(module);
    bind_streams(module);
}

}  // namespace multilayer
