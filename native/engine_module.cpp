// The binding of one instruction set's engine: plain data in, arrays out, the interpreter free while it works.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstring>
#include <memory>
#include <optional>

#include "predictor.hpp"
#include "streams.hpp"
#include "team.hpp"
#include "training.hpp"

namespace nb = nanobind;

namespace multilayer {
namespace {

template <class Number>
using Plain = nb::ndarray<const Number, nb::c_contig, nb::device::cpu>;

template <class Value>
Value get(const nb::dict& from, const char* key) {
    return nb::cast<Value>(from[key]);
}

template <class Value>
std::optional<Value> get_or_none(const nb::dict& from, const char* key) {
    const nb::object value = from[key];
    if (value.is_none()) return std::nullopt;
    return nb::cast<Value>(value);
}

Named named(const nb::dict& entry) {
    Named result;
    for (const auto& [key, value] : entry) {
        const std::string name = nb::cast<std::string>(key);
        if (name == "name")
            result.name = nb::cast<std::string>(value);
        else if (name == "then")
            result.then.push_back(named(nb::cast<nb::dict>(value)));
        else
            result.options[name] = nb::cast<double>(value);
    }
    return result;
}

std::vector<double> doubles(const nb::dict& from, const char* key) {
    const auto array = get<Plain<double>>(from, key);
    // A vector is read beyond its end, as every array of the engine.
    std::vector<double> values(array.data(), array.data() + array.size());
    values.reserve(values.size() + VECTOR_BYTES / sizeof(double));
    return values;
}

RowNumbers rows(const nb::dict& from, const char* key) {
    const auto array = get<Plain<std::int64_t>>(from, key);
    return {array.data(), std::int64_t(array.size())};
}

Member member(const nb::dict& from) {
    Member m;
    for (const auto& entry : get<nb::list>(from, "layers")) m.layers.push_back(named(nb::cast<nb::dict>(entry)));
    m.loss = named(get<nb::dict>(from, "loss"));
    m.schedule = named(get<nb::dict>(from, "schedule"));
    m.optimizer.rule = named(get<nb::dict>(from, "optimizer"));
    m.optimizer.l1 = get<double>(from, "l1");
    m.optimizer.l2 = get<double>(from, "l2");
    m.optimizer.weight_decay = get<double>(from, "weight_decay");
    m.optimizer.clip_value = get_or_none<double>(from, "clip_value");
    m.optimizer.clip_norm = get_or_none<double>(from, "clip_norm");
    m.optimizer.max_norm = get_or_none<double>(from, "max_norm");
    m.mean = get<std::string>(from, "reduction") == "mean";
    m.penalize_biases = get<bool>(from, "penalize_biases");
    m.keep_best = get<std::string>(from, "keep") == "best";
    m.lr = get<double>(from, "lr");
    m.noise = get<double>(from, "noise");
    m.min_delta = get<double>(from, "min_delta");
    m.batch_size = get<std::int64_t>(from, "batch_size");
    m.epochs = get<std::int64_t>(from, "epochs");
    m.shuffle = get<std::string>(from, "shuffle");
    m.monitor = get<std::string>(from, "monitor");
    m.patience = get_or_none<std::int64_t>(from, "patience");
    m.seed = get<std::uint64_t>(from, "seed");
    m.center = doubles(from, "center");
    m.factor = doubles(from, "factor");
    m.fill = doubles(from, "fill");
    m.target_center = doubles(from, "target_center");
    m.target_factor = doubles(from, "target_factor");
    m.train = rows(from, "train");
    m.val = rows(from, "val");
    return m;
}

void set_inputs(Data& data, const nb::object& x) {
    if (nb::isinstance<Plain<float>>(x)) {
        const auto array = nb::cast<Plain<float>>(x);
        data.x_single = array.data();
        data.rows = std::int64_t(array.shape(0));
        data.features = std::int64_t(array.shape(1));
    } else {
        const auto array = nb::cast<Plain<double>>(x);
        data.x = array.data();
        data.rows = std::int64_t(array.shape(0));
        data.features = std::int64_t(array.shape(1));
    }
}

Data data(const nb::dict& from) {
    Data result;
    set_inputs(result, from["x"]);
    const std::string kind = get<std::string>(from, "kind");
    result.truth.kind = kind == "binary"       ? TargetKind::BINARY
                        : kind == "classes"    ? TargetKind::CLASSES
                        : kind == "multilabel" ? TargetKind::MULTILABEL
                                               : TargetKind::REGRESSION;
    result.truth.outputs = get<std::int64_t>(from, "outputs");
    if (kind == "binary" || kind == "classes")
        result.truth.codes = get<Plain<std::int64_t>>(from, "target").data();
    else
        result.truth.values = get<Plain<double>>(from, "target").data();
    if (!nb::object(from["weight"]).is_none()) result.weight = get<Plain<double>>(from, "weight").data();
    return result;
}

template <class Number>
nb::object numpy(const std::vector<std::int64_t>& shape, const void* bytes, std::size_t size) {
    auto* copy = new char[size + 1];
    std::memcpy(copy, bytes, size);
    const nb::capsule owner(copy, [](void* memory) noexcept { delete[] static_cast<char*>(memory); });
    const std::vector<std::size_t> dimensions(shape.begin(), shape.end());
    return nb::cast(nb::ndarray<nb::numpy, Number>(reinterpret_cast<Number*>(copy), dimensions.size(),
                                                   dimensions.data(), owner));
}

template <class F>
auto without_interpreter(const F& f) {
    const nb::gil_scoped_release free;
    return f();
}

// A training with the Python objects whose memory it works in.
class Bound {
public:
    Bound(const nb::dict& table, const nb::list& members, const nb::list& weights, bool single, int threads)
        : single_(single), members_(nb::len(members)) {
        kept_.append(table);
        kept_.append(members);
        std::vector<Member> all;
        std::vector<std::vector<Array>> starts;
        for (const auto& one : members) all.push_back(member(nb::cast<nb::dict>(one)));
        for (const auto& one : weights) starts.push_back(arrays(nb::cast<nb::list>(one)));
        const Data shared = data(table);
        training_ = single ? single_training(shared, std::move(all), starts, threads)
                           : double_training(shared, std::move(all), starts, threads);
    }

    // Raises whatever the signals' handlers raise, KeyboardInterrupt above all.
    void advance(std::int64_t epochs, std::int64_t steps) {
        bool raised = false;
        {
            const nb::gil_scoped_release free;
            training_->advance(epochs, steps, [&] {
                const nb::gil_scoped_acquire held;
                raised = PyErr_CheckSignals() != 0;
                return raised;
            });
        }
        if (raised || PyErr_Occurred()) throw nb::python_error();
    }
    void interrupt() { training_->interrupt(); }

    nb::dict progress(std::size_t member) const {
        const Progress& p = training_->progress(member);
        nb::dict d;
        d["status"] = int(p.status), d["cause"] = int(p.cause), d["epoch"] = p.epoch, d["position"] = p.position;
        d["steps"] = p.steps, d["best_epoch"] = p.best_epoch, d["stale"] = p.stale, d["loss_sum"] = p.loss_sum;
        d["weight_sum"] = p.weight_sum, d["started"] = p.started, d["first_loss"] = p.first_loss;
        d["last_loss"] = p.last_loss, d["lr_used"] = p.lr_used, d["best"] = p.best, d["mark"] = p.mark;
        return d;
    }
    // How many numbers every member's history has, as bytes: whether there is anything new.
    nb::bytes history_sizes() const {
        std::vector<std::int64_t> sizes;
        for (std::size_t member = 0; member < members_; ++member)
            sizes.push_back(std::int64_t(training_->history(member).size()));
        return nb::bytes(sizes.data(), sizes.size() * sizeof(std::int64_t));
    }
    nb::object history(std::size_t member) const {
        const auto& all = training_->history(member);
        return numpy<double>({std::int64_t(all.size())}, all.data(), all.size() * sizeof(double));
    }

    nb::list weights(std::size_t member) const { return list(training_->weights(member)); }
    void set_weights(std::size_t member, const nb::list& weights) { training_->set_weights(member, arrays(weights)); }

    nb::object outputs(std::size_t member, const nb::object& x, int layer) const {
        Data rows;
        set_inputs(rows, x);
        const std::vector<char> bytes = without_interpreter([&] { return training_->outputs(member, rows, layer); });
        return typed({rows.rows, training_->width(member, layer)}, bytes);
    }
    nb::object input_gradient(std::size_t member, const nb::object& x, int output) const {
        Data rows;
        set_inputs(rows, x);
        const auto bytes = without_interpreter([&] { return training_->input_gradient(member, rows, output); });
        return typed({rows.rows, rows.features}, bytes);
    }
    int depth(std::size_t member) const { return training_->depth(member); }

    nb::list state(std::size_t member) const { return list(training_->state(member)); }
    void restore(std::size_t member, const nb::dict& d, const Plain<double>& history, const nb::list& state) {
        Progress p;
        p.status = Status(get<int>(d, "status")), p.cause = Cause(get<int>(d, "cause"));
        p.epoch = get<std::int64_t>(d, "epoch"), p.position = get<std::int64_t>(d, "position");
        p.steps = get<std::int64_t>(d, "steps"), p.best_epoch = get<std::int64_t>(d, "best_epoch");
        p.stale = get<std::int64_t>(d, "stale"), p.loss_sum = get<double>(d, "loss_sum");
        p.weight_sum = get<double>(d, "weight_sum"), p.started = get<bool>(d, "started");
        p.first_loss = get<double>(d, "first_loss"), p.last_loss = get<double>(d, "last_loss");
        p.lr_used = get<double>(d, "lr_used"), p.best = get<double>(d, "best"), p.mark = get<double>(d, "mark");
        training_->restore(member, p, {history.data(), history.data() + history.size()}, arrays(state));
    }

    static std::vector<Array> arrays(const nb::list& pairs) {
        std::vector<Array> result;
        for (const auto& pair : pairs) {
            const auto tuple = nb::cast<nb::tuple>(pair);
            const auto array = nb::cast<nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu>>(tuple[1]);
            const auto* bytes = static_cast<const char*>(array.data());
            result.push_back({nb::cast<std::string>(tuple[0]), {}, {bytes, bytes + array.nbytes()}});
        }
        return result;
    }

private:
    nb::object typed(const std::vector<std::int64_t>& shape, const std::vector<char>& bytes) const {
        return single_ ? numpy<float>(shape, bytes.data(), bytes.size())
                       : numpy<double>(shape, bytes.data(), bytes.size());
    }
    // Pairs of a name and an array; "schedule" is float64 in any case.
    nb::list list(const std::vector<Array>& arrays) const {
        nb::list result;
        for (const Array& array : arrays)
            result.append(nb::make_tuple(array.name, array.name == "schedule"
                                                         ? numpy<double>(array.shape, array.bytes.data(),
                                                                         array.bytes.size())
                                                         : typed(array.shape, array.bytes)));
        return result;
    }
    bool single_;
    std::size_t members_;
    nb::list kept_;
    std::unique_ptr<Training> training_;
};

// A predictor for one run.
class BoundPredictor {
public:
    BoundPredictor(const nb::dict& table, const nb::dict& one, const nb::list& weights, bool single, int threads) {
        const Data shape = data(table);
        const auto make = single ? single_predictor : double_predictor;
        features_ = std::size_t(shape.features);
        predictor_ = make(shape, member(one), Bound::arrays(weights), threads);
    }

    // Nothing where the rows are of another width, or not all finite: what to say then is left to the caller.
    template <class Number>
    nb::object answers(const Plain<Number>& x) const {
        return filled<double>(x, predictor_->columns(), false,
                              [&](const Data& rows, double* to) { return predictor_->answers(rows, to); });
    }
    // The same with NaN as a missing value.
    nb::object answers_with_gaps(const Plain<double>& x) const {
        return filled<double>(x, predictor_->columns(), true,
                              [&](const Data& rows, double* to) { return predictor_->answers(rows, to); });
    }
    template <class Number>
    nb::object decisions(const Plain<Number>& x) const {
        return filled<std::int64_t>(x, 0, false,
                                    [&](const Data& rows, std::int64_t* to) { return predictor_->decisions(rows, to); });
    }

private:
    template <class Result, class Number, class F>
    nb::object filled(const Plain<Number>& x, std::int64_t columns, bool gaps, const F& fill) const {
        if (x.ndim() != 2 || x.shape(0) == 0 || x.shape(1) != features_) return nb::none();
        Data rows;
        if constexpr (std::is_same_v<Number, float>)
            rows.x_single = x.data();
        else
            rows.x = x.data();
        rows.rows = std::int64_t(x.shape(0));
        rows.features = std::int64_t(features_);
        std::unique_ptr<Result[]> result(new Result[std::size_t(rows.rows) * std::max<std::int64_t>(columns, 1) + 1]);
        const bool finite = without_interpreter([&] { return fill(rows, result.get()); });
        if (!finite && !gaps) return nb::none();
        Result* const kept = result.release();
        const nb::capsule owner(kept, [](void* memory) noexcept { delete[] static_cast<Result*>(memory); });
        const std::size_t shape[2] = {x.shape(0), std::size_t(columns)};
        return nb::cast(nb::ndarray<nb::numpy, Result>(kept, columns ? 2 : 1, shape, owner));
    }

    std::size_t features_;
    std::unique_ptr<Predictor> predictor_;
};

}  // namespace

void bind_prediction(nb::module_& module) {
    nb::class_<BoundPredictor>(module, "Predictor")
        .def(nb::init<const nb::dict&, const nb::dict&, const nb::list&, bool, int>())
        .def("answers", &BoundPredictor::answers<float>, nb::arg("x").noconvert())
        .def("answers", &BoundPredictor::answers<double>, nb::arg("x").noconvert())
        .def("answers_with_gaps", &BoundPredictor::answers_with_gaps, nb::arg("x").noconvert())
        .def("decisions", &BoundPredictor::decisions<float>, nb::arg("x").noconvert())
        .def("decisions", &BoundPredictor::decisions<double>, nb::arg("x").noconvert());
}

void bind_training(nb::module_& module) {
    nb::class_<Bound>(module, "Training")
        .def(nb::init<const nb::dict&, const nb::list&, const nb::list&, bool, int>())
        .def("advance", &Bound::advance)
        .def("interrupt", &Bound::interrupt)
        .def("progress", &Bound::progress)
        .def("history", &Bound::history)
        .def("history_sizes", &Bound::history_sizes)
        .def("weights", &Bound::weights)
        .def("set_weights", &Bound::set_weights)
        .def("outputs", &Bound::outputs)
        .def("input_gradient", &Bound::input_gradient)
        .def("depth", &Bound::depth)
        .def("state", &Bound::state)
        .def("restore", &Bound::restore);
}

// Draws for a parameter's first weights, from the word `position` of its stream on.
void bind_draws(nb::module_& module) {
    const auto bind = [&](const char* name, void (Stream::*draw)(std::size_t, double*)) {
        module.def(name, [draw](std::uint64_t seed, std::uint32_t place, std::uint64_t position, std::size_t count) {
            const FloatingPointState state;
            std::unique_ptr<double[]> numbers(new double[count + 1]);
            Stream stream(seed, Use::WEIGHTS, 0, place, position);
            (stream.*draw)(count, numbers.get());
            double* const kept = numbers.release();
            const nb::capsule owner(kept, [](void* memory) noexcept { delete[] static_cast<double*>(memory); });
            return nb::cast(nb::ndarray<nb::numpy, double, nb::ndim<1>>(kept, {count}, owner));
        });
    };
    bind("uniform_weights", &Stream::uniform);
    bind("normal_weights", &Stream::normal);
}

}  // namespace multilayer

NB_MODULE(MULTILAYER_MODULE, module) {
    module.doc() = "The native engine of multilayer, for one instruction set.";
    multilayer::bind_training(module);
    multilayer::bind_prediction(module);
    multilayer::bind_draws(module);
}
