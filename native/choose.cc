// Picks the kernels for the processor that runs, not the one that compiled.
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels.h"

namespace bipe {

#if defined(__x86_64__)
extern const Kernels kernels_v4, kernels_v3, kernels_v2;
#else
extern const Kernels kernels_base;
#endif

namespace {

/** Kernels by the name of their instruction set, and whether this processor has it. */
struct Choice {
  std::string name;
  const Kernels* kernels;
  bool runs;
};

/** The best first. */
std::vector<Choice> Choices() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512vl");
  return {{"v4", &kernels_v4, v4}, {"v3", &kernels_v3, v3}, {"v2", &kernels_v2, true}};
#else
  return {{"base", &kernels_base, true}};
#endif
}

}  // namespace

const Kernels& ChooseKernels() {
  const char* variable = std::getenv("BIPE_INSTRUCTIONS");
  const std::string asked = variable == nullptr ? "" : variable;
  std::string possible;
  for (const Choice& choice : Choices()) {
    if (choice.runs && (asked.empty() || asked == choice.name)) return *choice.kernels;
    if (choice.runs) possible += (possible.empty() ? "" : ", ") + choice.name + " (" + choice.kernels->name + ")";
  }
  throw std::invalid_argument("BIPE_INSTRUCTIONS=" + asked + ": this processor has no such kernels; choose from " + possible +
                              ", or leave it unset for the first");
}

}  // namespace bipe
