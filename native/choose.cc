// Picks the kernels for the processor that runs, not the one that compiled.
#include "kernels.h"

namespace bipe {

#if defined(__x86_64__)
extern const Kernels kernels_v4, kernels_v3, kernels_v2;

const Kernels& ChooseKernels() {
  __builtin_cpu_init();
  const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512vl");
  return v4 ? kernels_v4 : v3 ? kernels_v3 : kernels_v2;
}
#else
extern const Kernels kernels_base;

const Kernels& ChooseKernels() { return kernels_base; }
#endif

}  // namespace bipe
