// Lets lib/engine silence standard error while TensorFlow's libraries are loaded: a static initializer of
// theirs prints about oneDNN whatever the log level. Errors come as exceptions, so nothing is lost.
#include <fcntl.h>
#include <node_api.h>
#include <unistd.h>

namespace {

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
  return exports;
}
