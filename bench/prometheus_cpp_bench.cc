// The same counter by prometheus-cpp, with its handle looked up once: one that all threads share, as it is
// meant to be used.
#include <benchmark/benchmark.h>
#include <prometheus/counter.h>
#include <prometheus/registry.h>

namespace {

void prometheus_cpp_counter_add(benchmark::State& state) {
  static prometheus::Registry registry;
  static prometheus::Counter& counter = prometheus::BuildCounter()
                                            .Name("calls_total")
                                            .Help("Calls.")
                                            .Register(registry)
                                            .Add({{"provider", "openai"}, {"model", "gpt-4o"}});
  for (auto _ : state) {
    counter.Increment();
    benchmark::ClobberMemory();
  }
}
BENCHMARK(prometheus_cpp_counter_add);
BENCHMARK(prometheus_cpp_counter_add)->Threads(2)->UseRealTime();

}  // namespace
