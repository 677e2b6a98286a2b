// Records when each operation of TensorFlow began and ended, and on which thread. Operations
// announce themselves to a recorder that TensorFlow's own profiler reads too, in graphs and out of
// them; here it is read directly. What the times come to is said in lib/engine/profile.ts.
#include "profile.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <unordered_map>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tsl/profiler/lib/traceme.h"
#include "xla/tsl/profiler/backends/cpu/traceme_recorder.h"

namespace bipe {
namespace {

using tsl::profiler::TraceMeRecorder;

/** Numbers for each event that `stopRecording` returns. */
constexpr size_t kFields = 4;

/** The event of a whole run of a graph. */
constexpr absl::string_view kSession = "SessionRun";

/**
 * The operation that an event is about, from "name:Operation#details#", or `kSession`; empty if it
 * is about something else, such as "ExecutorState::Process".
 */
absl::string_view OperationOf(absl::string_view event) {
  const absl::string_view label = event.substr(0, event.find('#'));
  if (label == kSession) return label;
  const size_t colon = label.rfind(':');
  const bool of_operation = colon != absl::string_view::npos && label.find(':') == colon &&
                            label.find(' ') == absl::string_view::npos;
  return of_operation ? label.substr(colon + 1) : absl::string_view();
}

/**
 * Types and shapes of an operation's inputs, "float[2,3];float[3,4]"; empty if the event does not
 * say.
 */
absl::string_view InputsOf(absl::string_view event) {
  constexpr absl::string_view kStart = "shape=(";
  const size_t start = event.find(kStart);
  if (start == absl::string_view::npos) return absl::string_view();
  event.remove_prefix(start + kStart.size());
  return event.substr(0, event.find(')'));
}

/** Whether the recorder was free, and is on now. */
napi_value Start(napi_env env, napi_callback_info) {
  // On this level the operations that TensorFlow takes for cheap are announced too.
  const bool started = TraceMeRecorder::Start(tsl::profiler::TraceMeLevel::kVerbose);
  napi_value result;
  return napi_get_boolean(env, started, &result) == napi_ok ? result : nullptr;
}

/**
 * Ends the recording. In `operations` are names, each followed by a space and the inputs' types and
 * shapes; for each event in `events` the index of its operation, its thread, its start and its end,
 * in nanoseconds after the earliest.
 */
napi_value Stop(napi_env env, napi_callback_info) {
  TraceMeRecorder::Events threads = TraceMeRecorder::Stop();
  int64_t origin = std::numeric_limits<int64_t>::max();
  size_t count = 0;
  for (auto& [thread, events] : threads) {
    events.erase(std::remove_if(events.begin(), events.end(),
                                [](const auto& event) { return !event.IsComplete() || OperationOf(event.name).empty(); }),
                 events.end());
    for (const auto& event : events) origin = std::min(origin, event.start_time);
    count += events.size();
  }

  napi_value result, operations, buffer, numbers;
  void* data = nullptr;
  if (napi_create_object(env, &result) != napi_ok || napi_create_array(env, &operations) != napi_ok ||
      napi_create_arraybuffer(env, count * kFields * sizeof(double), &data, &buffer) != napi_ok ||
      napi_create_typedarray(env, napi_float64_array, count * kFields, buffer, 0, &numbers) != napi_ok)
    return nullptr;
  double* field = static_cast<double*>(data);
  std::unordered_map<std::string, uint32_t> known;
  for (size_t thread = 0; thread < threads.size(); ++thread)
    for (const auto& event : threads[thread].events) {
      const auto [entry, fresh] = known.emplace(absl::StrCat(OperationOf(event.name), " ", InputsOf(event.name)), known.size());
      const auto& [operation, index] = *entry;
      napi_value text;
      if (fresh && napi_create_string_utf8(env, operation.data(), operation.size(), &text) == napi_ok)
        napi_set_element(env, operations, index, text);
      *field++ = index;
      *field++ = static_cast<double>(thread);
      *field++ = static_cast<double>(event.start_time - origin);
      *field++ = static_cast<double>(event.end_time - origin);
    }
  napi_set_named_property(env, result, "operations", operations);
  napi_set_named_property(env, result, "events", numbers);
  return result;
}

void Export(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function) == napi_ok)
    napi_set_named_property(env, exports, name, function);
}

}  // namespace

void ExportRecorder(napi_env env, napi_value exports) {
  Export(env, exports, "startRecording", Start);
  Export(env, exports, "stopRecording", Stop);
}

}  // namespace bipe
