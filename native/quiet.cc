// Helps lib/engine while TensorFlow's libraries are loaded. It silences standard error: a static
// initializer of theirs prints about oneDNN whatever the log level. Errors come as exceptions, so
// nothing is lost. And it gives pages back: symbols, relocations and initializers of 0.8 GB of
// library touch 300 MB of it, most of them never again.
#include <fcntl.h>
#include <node_api.h>
#include <unistd.h>

#ifdef __linux__
#include <link.h>
#include <sys/mman.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>
#endif

namespace {

#ifdef __linux__
std::atomic<bool> loading{false};
std::thread releaser;

// Of TensorFlow's libraries, the parts that are only read: who needs one of those pages again gets
// it from the file.
int ReleaseLibrary(dl_phdr_info* library, size_t, void*) {
  if (library->dlpi_name == nullptr || std::strstr(library->dlpi_name, "libtensorflow") == nullptr) return 0;
  const uintptr_t page = sysconf(_SC_PAGESIZE);
  for (int index = 0; index < library->dlpi_phnum; ++index) {
    const auto& segment = library->dlpi_phdr[index];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const uintptr_t start = library->dlpi_addr + segment.p_vaddr;
    const uintptr_t first = (start + page - 1) / page * page;
    const uintptr_t end = (start + segment.p_memsz) / page * page;
    if (end > first) madvise(reinterpret_cast<void*>(first), end - first, MADV_DONTNEED);
  }
  return 0;
}

// Again and again, or all that loading touches is resident at its end.
napi_value StartReleasing(napi_env, napi_callback_info) {
  if (loading.exchange(true)) return nullptr;
  releaser = std::thread([] {
    while (loading) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      dl_iterate_phdr(ReleaseLibrary, nullptr);
    }
  });
  return nullptr;
}

napi_value StopReleasing(napi_env, napi_callback_info) {
  if (!loading.exchange(false)) return nullptr;
  releaser.join();
  return nullptr;
}
#else
napi_value StartReleasing(napi_env, napi_callback_info) { return nullptr; }
napi_value StopReleasing(napi_env, napi_callback_info) { return nullptr; }
#endif

int saved = -1;

napi_value Mute(napi_env, napi_callback_info) {
  if (saved >= 0) return nullptr;
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere < 0) return nullptr;
  saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (saved >= 0) dup2(nowhere, STDERR_FILENO);
  close(nowhere);
  return nullptr;
}

napi_value Restore(napi_env, napi_callback_info) {
  if (saved < 0) return nullptr;
  dup2(saved, STDERR_FILENO);
  close(saved);
  saved = -1;
  return nullptr;
}

void Export(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function) == napi_ok)
    napi_set_named_property(env, exports, name, function);
}

}  // namespace

NAPI_MODULE_INIT() {
  Export(env, exports, "mute", Mute);
  Export(env, exports, "restore", Restore);
  Export(env, exports, "startReleasing", StartReleasing);
  Export(env, exports, "stopReleasing", StopReleasing);
  return exports;
}
