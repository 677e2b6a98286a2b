// The kernels as operations of TensorFlow, on the processor: names, inputs and shapes, memory and
// threads. What each computes is said in kernels.h; lib/engine/native/kernels.ts is where
// TypeScript calls them.
#include <node_api.h>

#include <stdexcept>

#include "kernels.h"
#include "profile.h"
#include "tensorflow/core/framework/common_shape_fns.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/framework/resource_mgr.h"
#include "tensorflow/core/framework/resource_var.h"
#include "tensorflow/core/framework/shape_inference.h"

namespace bipe {
namespace {

namespace tf = tensorflow;
using tf::shape_inference::InferenceContext;

const Kernels& kernels() {
  static const Kernels& chosen = ChooseKernels();
  return chosen;
}

Parallel ThreadsOf(tf::OpKernelContext* context) {
  auto* pool = context->device()->tensorflow_cpu_worker_threads()->workers;
  return {pool->NumThreads(), [pool](int64_t count, int64_t grain, const std::function<void(int64_t, int64_t)>& work) {
    if (count <= grain || pool->NumThreads() <= 1) {
      if (count > 0) work(0, count);
      return;
    }
    // Not more pieces than keep the threads busy to the end.
    const int64_t pieces = 8 * pool->NumThreads();
    const int64_t block = std::max<int64_t>(grain, (count + pieces - 1) / pieces);
    pool->ParallelFor(count,
                      tsl::thread::ThreadPool::SchedulingParams(
                          tsl::thread::ThreadPool::SchedulingStrategy::kFixedBlockSize, absl::nullopt, block),
                      work);
  }};
}

const float* Floats(const tf::Tensor& tensor) { return tensor.flat<float>().data(); }
float* Floats(tf::Tensor* tensor) { return tensor->flat<float>().data(); }

/** Outputs 0, 1, ... have the shapes of these inputs. */
template <int... kInputs>
absl::Status ShapedLike(InferenceContext* c) {
  int output = 0;
  (c->set_output(output++, c->input(kInputs)), ...);
  return absl::OkStatus();
}

#define BIPE_REQUIRES(condition, ...) \
  OP_REQUIRES(context, condition, absl::InvalidArgumentError(absl::StrCat(type_string(), ": ", __VA_ARGS__)))

/**
 * How many sequences have positions of their own in a linear bias of slopes [heads] and positions
 * [1 or batch, keys]; 0 without slopes, negative if they do not go with the heads.
 */
int64_t PositionBatch(const tf::Tensor& slopes, const tf::Tensor& positions, int64_t batch, int64_t heads, int64_t keys) {
  if (slopes.NumElements() == 0) return 0;
  const bool fits = slopes.NumElements() == heads && positions.dims() == 2 && positions.dim_size(1) == keys &&
                    (positions.dim_size(0) == 1 || positions.dim_size(0) == batch);
  return fits ? positions.dim_size(0) : -1;
}

class WindowedKernel : public tf::OpKernel {
 public:
  explicit WindowedKernel(tf::OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("window", &window_));
  }

 protected:
  /** The shape of heads at inputs 0, 1 and 2 with a linear bias at 3 and 4. */
  bool Shape(tf::OpKernelContext* context, AttentionShape* shape) const {
    const tf::Tensor& queries = context->input(0);
    if (queries.dims() != 4 || context->input(1).shape() != queries.shape() ||
        context->input(2).shape() != queries.shape())
      return false;
    *shape = {queries.dim_size(0), queries.dim_size(1), queries.dim_size(2), queries.dim_size(3), window_, 0};
    shape->position_batch =
        PositionBatch(context->input(3), context->input(4), shape->batch, shape->heads, shape->time);
    return shape->position_batch >= 0;
  }

  static LinearBias Bias(tf::OpKernelContext* context) {
    return {Floats(context->input(3)), Floats(context->input(4))};
  }

  static AttentionInputs Inputs(tf::OpKernelContext* context) {
    return {Floats(context->input(0)), Floats(context->input(1)), Floats(context->input(2)), Bias(context)};
  }

  int64_t window_;
};

REGISTER_OP("BipeAttention")
    .Input("queries: float")
    .Input("keys: float")
    .Input("values: float")
    .Input("slopes: float")
    .Input("positions: float")
    .Output("context: float")
    .Output("normalizers: float")
    .Attr("window: int = 0")
    .SetShapeFn([](InferenceContext* c) {
      tf::shape_inference::ShapeHandle heads;
      TF_RETURN_IF_ERROR(c->WithRank(c->input(0), 4, &heads));
      c->set_output(0, c->MakeShape({c->Dim(heads, 0), c->Dim(heads, 2), c->Dim(heads, 1), c->Dim(heads, 3)}));
      c->set_output(1, c->MakeShape({c->Dim(heads, 0), c->Dim(heads, 1), c->Dim(heads, 2)}));
      return absl::OkStatus();
    });

class AttentionOp : public WindowedKernel {
 public:
  using WindowedKernel::WindowedKernel;
  void Compute(tf::OpKernelContext* context) override {
    AttentionShape shape;
    BIPE_REQUIRES(Shape(context, &shape), "queries, keys, values, slopes and positions do not go together");
    tf::Tensor *result, *normalizers;
    OP_REQUIRES_OK(context, context->allocate_output(0, {shape.batch, shape.time, shape.heads, shape.width}, &result));
    OP_REQUIRES_OK(context, context->allocate_output(1, {shape.batch, shape.heads, shape.time}, &normalizers));
    kernels().attention(shape, Inputs(context), Floats(result), Floats(normalizers), ThreadsOf(context));
  }
};
REGISTER_KERNEL_BUILDER(Name("BipeAttention").Device(tf::DEVICE_CPU), AttentionOp);

REGISTER_OP("BipeAttentionGrad")
    .Input("queries: float")
    .Input("keys: float")
    .Input("values: float")
    .Input("slopes: float")
    .Input("positions: float")
    .Input("context: float")
    .Input("normalizers: float")
    .Input("upstream: float")
    .Output("of_queries: float")
    .Output("of_keys: float")
    .Output("of_values: float")
    .Attr("window: int = 0")
    .SetShapeFn(ShapedLike<0, 1, 2>);

class AttentionGradOp : public WindowedKernel {
 public:
  using WindowedKernel::WindowedKernel;
  void Compute(tf::OpKernelContext* context) override {
    AttentionShape shape;
    BIPE_REQUIRES(Shape(context, &shape), "queries, keys, values, slopes and positions do not go together");
    const tf::TensorShape joined({shape.batch, shape.time, shape.heads, shape.width});
    BIPE_REQUIRES(context->input(5).shape() == joined && context->input(7).shape() == joined &&
                      context->input(6).NumElements() == shape.batch * shape.heads * shape.time,
                  "context, normalizers and upstream do not go with the queries");
    tf::Tensor* results[3];
    for (int i = 0; i < 3; ++i)
      OP_REQUIRES_OK(context, context->allocate_output(i, context->input(i).shape(), &results[i]));
    kernels().attention_gradient(shape, Inputs(context), Floats(context->input(5)), Floats(context->input(6)),
                                 Floats(context->input(7)),
                                 {Floats(results[0]), Floats(results[1]), Floats(results[2])}, ThreadsOf(context));
  }
};
REGISTER_KERNEL_BUILDER(Name("BipeAttentionGrad").Device(tf::DEVICE_CPU), AttentionGradOp);

REGISTER_OP("BipeCachedAttention")
    .Input("queries: float")
    .Input("new_keys: float")
    .Input("new_values: float")
    .Input("slopes: float")
    .Input("positions: float")
    .Input("lengths: int32")
    .Input("keys: float")
    .Input("values: float")
    .Output("context: float")
    .Output("keys_after: float")
    .Output("values_after: float")
    .Attr("window: int = 0")
    .SetShapeFn(ShapedLike<0, 6, 7>);

class CachedAttentionOp : public WindowedKernel {
 public:
  using WindowedKernel::WindowedKernel;
  void Compute(tf::OpKernelContext* context) override {
    const tf::Tensor &queries = context->input(0), &lengths = context->input(5), &held = context->input(6);
    BIPE_REQUIRES(held.dims() == 4 && held.dim_size(2) > 0 && context->input(7).shape() == held.shape(), "keys and values do not go together");
    CachedShape shape{held.dim_size(0), held.dim_size(1), held.dim_size(2), held.dim_size(3), window_, 0};
    const int64_t fresh = shape.batch * shape.heads * shape.width;
    shape.position_batch =
        PositionBatch(context->input(3), context->input(4), shape.batch, shape.heads, shape.capacity);
    BIPE_REQUIRES(queries.NumElements() == fresh && context->input(1).NumElements() == fresh &&
                      context->input(2).NumElements() == fresh && lengths.NumElements() == shape.batch &&
                      shape.position_batch >= 0,
                  "the new token does not go with the cache");
    tf::Tensor *result, *caches[2];
    OP_REQUIRES_OK(context, context->allocate_output(0, queries.shape(), &result));
    for (int i = 0; i < 2; ++i) {
      // In place where nobody else holds the old cache.
      int forwarded = -1;
      OP_REQUIRES_OK(context,
                     context->forward_input_or_allocate_output({6 + i}, 1 + i, held.shape(), &caches[i], &forwarded));
      if (forwarded < 0) std::copy_n(Floats(context->input(6 + i)), held.NumElements(), Floats(caches[i]));
    }
    kernels().cached_attention(shape, Floats(queries), Floats(context->input(1)), Floats(context->input(2)),
                               lengths.flat<int32_t>().data(), Bias(context), Floats(caches[0]),
                               Floats(caches[1]), Floats(result), ThreadsOf(context));
  }
};
REGISTER_KERNEL_BUILDER(Name("BipeCachedAttention").Device(tf::DEVICE_CPU), CachedAttentionOp);

// The value of a variable, which is left empty: so that the value can be changed in place and put
// back.
REGISTER_OP("BipeTakeVariable")
    .Input("resource: resource")
    .Output("value: dtype")
    .Attr("dtype: type")
    .SetIsStateful()
    .SetShapeFn([](InferenceContext* c) {
      const auto* handle = c->input_handle_shapes_and_types(0);
      c->set_output(0, handle != nullptr && !handle->empty() ? (*handle)[0].shape : c->UnknownShape());
      return absl::OkStatus();
    });

class TakeVariableOp : public tf::OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(tf::OpKernelContext* context) override {
    tf::core::RefCountPtr<tf::Var> variable;
    OP_REQUIRES_OK(context, tf::LookupResource(context, tf::HandleFromInput(context, 0), &variable));
    tf::mutex_lock lock(*variable->mu());
    BIPE_REQUIRES(variable->is_initialized, "the variable has no value; a step before may have failed half way");
    context->set_output(0, *variable->tensor());
    *variable->tensor() = tf::Tensor(variable->tensor()->dtype());
    variable->is_initialized = false;
  }
};
REGISTER_KERNEL_BUILDER(Name("BipeTakeVariable").Device(tf::DEVICE_CPU), TakeVariableOp);

/** [rows, width] of a tensor whose last axis is the width. */
struct Rows {
  int64_t rows, width;
};
Rows RowsOf(const tf::Tensor& tensor) {
  const int64_t width = tensor.dims() > 0 ? tensor.dim_size(tensor.dims() - 1) : 1;
  return {width == 0 ? 0 : tensor.NumElements() / width, width};
}

REGISTER_OP("BipeRmsNorm")
    .Input("x: float")
    .Input("weight: float")
    .Output("y: float")
    .Output("inverse: float")
    .Attr("epsilon: float")
    .SetShapeFn([](InferenceContext* c) {
      c->set_output(0, c->input(0));
      c->set_output(1, c->Vector(c->RankKnown(c->input(0)) ? c->Dim(c->input(0), 0) : c->UnknownDim()));
      return absl::OkStatus();
    });

class RmsNormOp : public tf::OpKernel {
 public:
  explicit RmsNormOp(tf::OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("epsilon", &epsilon_));
  }
  void Compute(tf::OpKernelContext* context) override {
    const tf::Tensor &x = context->input(0), &weight = context->input(1);
    const Rows size = RowsOf(x);
    const int64_t rows = size.rows, width = size.width;
    BIPE_REQUIRES(x.dims() == 2 && weight.NumElements() == width, "x and weight do not go together");
    tf::Tensor *y, *inverse;
    OP_REQUIRES_OK(context, context->allocate_output(0, x.shape(), &y));
    OP_REQUIRES_OK(context, context->allocate_output(1, {rows}, &inverse));
    kernels().rms_norm(rows, width, Floats(x), Floats(weight), epsilon_, Floats(y), Floats(inverse), ThreadsOf(context));
  }

 private:
  float epsilon_;
};
REGISTER_KERNEL_BUILDER(Name("BipeRmsNorm").Device(tf::DEVICE_CPU), RmsNormOp);

REGISTER_OP("BipeRmsNormGrad")
    .Input("upstream: float")
    .Input("x: float")
    .Input("weight: float")
    .Input("inverse: float")
    .Output("of_x: float")
    .Output("of_weight: float")
    .SetShapeFn(ShapedLike<1, 2>);

class RmsNormGradOp : public tf::OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(tf::OpKernelContext* context) override {
    const tf::Tensor &upstream = context->input(0), &x = context->input(1), &weight = context->input(2);
    const Rows size = RowsOf(x);
    const int64_t rows = size.rows, width = size.width;
    BIPE_REQUIRES(x.dims() == 2 && upstream.shape() == x.shape() && weight.NumElements() == width &&
                      context->input(3).NumElements() == rows,
                  "x, weight and upstream do not go together");
    tf::Tensor *of_x, *of_weight;
    OP_REQUIRES_OK(context, context->forward_input_or_allocate_output({0}, 0, x.shape(), &of_x));
    OP_REQUIRES_OK(context, context->allocate_output(1, weight.shape(), &of_weight));
    kernels().rms_norm_gradient(rows, width, Floats(upstream), Floats(x), Floats(weight), Floats(context->input(3)),
                                Floats(of_x), Floats(of_weight), ThreadsOf(context));
  }
};
REGISTER_KERNEL_BUILDER(Name("BipeRmsNormGrad").Device(tf::DEVICE_CPU), RmsNormGradOp);

REGISTER_OP("BipeSwiglu").Input("gate: float").Input("up: float").Output("y: float").SetShapeFn(ShapedLike<0>);

class SwigluOp : public tf::OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(tf::OpKernelContext* context) override {
    const tf::Tensor &gate = context->input(0), &up = context->input(1);
    BIPE_REQUIRES(gate.shape() == up.shape(), "gate and up do not go together");
    tf::Tensor* y;
    OP_REQUIRES_OK(context, context->forward_input_or_allocate_output({0, 1}, 0, gate.shape(), &y));
    kernels().swiglu(gate.NumElements(), Floats(gate), Floats(up), Floats(y), ThreadsOf(context));
  }
};
REGISTER_KERNEL_BUILDER(Name("BipeSwiglu").Device(tf::DEVICE_CPU), SwigluOp);

REGISTER_OP("BipeSwigluGrad")
    .Input("upstream: float")
    .Input("gate: float")
    .Input("up: float")
    .Output("of_gate: float")
    .Output("of_up: float")
    .SetShapeFn(ShapedLike<1, 2>);

class SwigluGradOp : public tf::OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(tf::OpKernelContext* context) override {
    const tf::Tensor &upstream = context->input(0), &gate = context->input(1), &up = context->input(2);
    BIPE_REQUIRES(upstream.shape() == gate.shape() && gate.shape() == up.shape(), "gate, up and upstream do not go together");
    tf::Tensor *of_gate, *of_up;
    OP_REQUIRES_OK(context, context->forward_input_or_allocate_output({1}, 0, gate.shape(), &of_gate));
    OP_REQUIRES_OK(context, context->forward_input_or_allocate_output({2}, 1, up.shape(), &of_up));
    kernels().swiglu_gradient(gate.NumElements(), Floats(upstream), Floats(gate), Floats(up), Floats(of_gate),
                              Floats(of_up), ThreadsOf(context));
  }
};
REGISTER_KERNEL_BUILDER(Name("BipeSwigluGrad").Device(tf::DEVICE_CPU), SwigluGradOp);

REGISTER_OP("BipeRotate")
    .Input("x: float")
    .Input("cos: float")
    .Input("sin: float")
    .Output("y: float")
    .Attr("back: bool")
    .SetShapeFn(ShapedLike<0>);

class RotateOp : public tf::OpKernel {
 public:
  explicit RotateOp(tf::OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("back", &back_));
  }
  void Compute(tf::OpKernelContext* context) override {
    const tf::Tensor &x = context->input(0), &cos = context->input(1), &sin = context->input(2);
    BIPE_REQUIRES(x.dims() == 4 && cos.dims() == 4 && cos.shape() == sin.shape() && cos.dim_size(1) == 1 &&
                      (cos.dim_size(0) == 1 || cos.dim_size(0) == x.dim_size(0)) && cos.dim_size(2) == x.dim_size(2) &&
                      2 * cos.dim_size(3) == x.dim_size(3),
                  "vectors and turns do not go together");
    tf::Tensor* y;
    OP_REQUIRES_OK(context, context->forward_input_or_allocate_output({0}, 0, x.shape(), &y));
    kernels().rotate(x.dim_size(0), x.dim_size(1), x.dim_size(2), cos.dim_size(3), cos.dim_size(0), back_, Floats(x),
                     Floats(cos), Floats(sin), Floats(y), ThreadsOf(context));
  }

 private:
  bool back_;
};
REGISTER_KERNEL_BUILDER(Name("BipeRotate").Device(tf::DEVICE_CPU), RotateOp);

REGISTER_OP("BipeSplitHeads")
    .Input("x: float")
    .Output("queries: float")
    .Output("keys: float")
    .Output("values: float")
    .SetShapeFn([](InferenceContext* c) {
      tf::shape_inference::ShapeHandle x;
      TF_RETURN_IF_ERROR(c->WithRank(c->input(0), 5, &x));
      for (int i = 0; i < 3; ++i)
        c->set_output(i, c->MakeShape({c->Dim(x, 0), c->Dim(x, 3), c->Dim(x, 1), c->Dim(x, 4)}));
      return absl::OkStatus();
    });

class SplitHeadsOp : public tf::OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(tf::OpKernelContext* context) override {
    const tf::Tensor& x = context->input(0);
    BIPE_REQUIRES(x.dims() == 5 && x.dim_size(2) == 3, "x is not [batch, time, 3, heads, width]");
    float* split[3];
    for (int i = 0; i < 3; ++i) {
      tf::Tensor* part;
      OP_REQUIRES_OK(context, context->allocate_output(
                                  i, {x.dim_size(0), x.dim_size(3), x.dim_size(1), x.dim_size(4)}, &part));
      split[i] = Floats(part);
    }
    kernels().split_heads(x.dim_size(0), x.dim_size(1), 3, x.dim_size(3), x.dim_size(4), Floats(x), split,
                          ThreadsOf(context));
  }
};
REGISTER_KERNEL_BUILDER(Name("BipeSplitHeads").Device(tf::DEVICE_CPU), SplitHeadsOp);

REGISTER_OP("BipeSplitHeadsGrad")
    .Input("of_queries: float")
    .Input("of_keys: float")
    .Input("of_values: float")
    .Output("of_x: float")
    .SetShapeFn([](InferenceContext* c) {
      tf::shape_inference::ShapeHandle heads;
      TF_RETURN_IF_ERROR(c->WithRank(c->input(0), 4, &heads));
      c->set_output(0, c->MakeShape({c->Dim(heads, 0), c->Dim(heads, 2), c->MakeDim(3), c->Dim(heads, 1), c->Dim(heads, 3)}));
      return absl::OkStatus();
    });

class SplitHeadsGradOp : public tf::OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(tf::OpKernelContext* context) override {
    const tf::Tensor& first = context->input(0);
    BIPE_REQUIRES(first.dims() == 4 && context->input(1).shape() == first.shape() &&
                      context->input(2).shape() == first.shape(),
                  "the gradients do not go together");
    tf::Tensor* of_x;
    OP_REQUIRES_OK(context, context->allocate_output(
                                0, {first.dim_size(0), first.dim_size(2), 3, first.dim_size(1), first.dim_size(3)}, &of_x));
    const float* split[] = {Floats(first), Floats(context->input(1)), Floats(context->input(2))};
    kernels().join_heads(first.dim_size(0), first.dim_size(2), 3, first.dim_size(1), first.dim_size(3), split, Floats(of_x),
                         ThreadsOf(context));
  }
};
REGISTER_KERNEL_BUILDER(Name("BipeSplitHeadsGrad").Device(tf::DEVICE_CPU), SplitHeadsGradOp);

REGISTER_OP("BipePositions")
    .Input("ids: int32")
    .Input("closes: int32")
    .Output("positions: levels * int32")
    .Attr("levels: int >= 1")
    .SetShapeFn([](InferenceContext* c) {
      for (int level = 0; level < c->num_outputs(); ++level) c->set_output(level, c->input(0));
      return absl::OkStatus();
    });

class PositionsOp : public tf::OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(tf::OpKernelContext* context) override {
    const tf::Tensor &ids = context->input(0), &closes = context->input(1);
    const auto* closed = closes.flat<int32_t>().data();
    const int64_t levels = num_outputs();
    BIPE_REQUIRES(ids.dims() == 2 && std::all_of(closed, closed + closes.NumElements(),
                                                 [=](int32_t count) { return count >= 0 && count < levels; }),
                  "ids are not [batch, time], or an id closes more levels than there are");
    std::vector<int32_t*> positions;
    for (int level = 0; level < levels; ++level) {
      tf::Tensor* one;
      OP_REQUIRES_OK(context, context->allocate_output(level, ids.shape(), &one));
      positions.push_back(one->flat<int32_t>().data());
    }
    kernels().positions(ids.dim_size(0), ids.dim_size(1), levels, ids.flat<int32_t>().data(), closed,
                        closes.NumElements(), positions.data(), ThreadsOf(context));
  }
};
REGISTER_KERNEL_BUILDER(Name("BipePositions").Device(tf::DEVICE_CPU), PositionsOp);

REGISTER_OP("BipeCrossEntropy")
    .Input("scores: float")
    .Input("targets: int32")
    .Output("losses: float")
    .Output("of_scores: float")
    .SetShapeFn(ShapedLike<1, 0>);

class CrossEntropyOp : public tf::OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(tf::OpKernelContext* context) override {
    const tf::Tensor &scores = context->input(0), &targets = context->input(1);
    const Rows size = RowsOf(scores);
    const int64_t rows = size.rows, classes = size.width;
    BIPE_REQUIRES(scores.dims() == 2 && targets.NumElements() == rows, "scores and targets do not go together");
    const auto* target = targets.flat<int32_t>().data();
    for (int64_t row = 0; row < rows; ++row)
      BIPE_REQUIRES(target[row] >= 0 && target[row] < classes, "target ", target[row], " of row ", row, " is not one of ",
                    classes, " classes");
    tf::Tensor *losses, *of_scores;
    OP_REQUIRES_OK(context, context->allocate_output(0, targets.shape(), &losses));
    OP_REQUIRES_OK(context, context->forward_input_or_allocate_output({0}, 1, scores.shape(), &of_scores));
    kernels().cross_entropy(rows, classes, Floats(scores), target, Floats(losses), Floats(of_scores), ThreadsOf(context));
  }
};
REGISTER_KERNEL_BUILDER(Name("BipeCrossEntropy").Device(tf::DEVICE_CPU), CrossEntropyOp);

REGISTER_OP("BipeAddSparseMlp")
    .Input("residual: float")
    .Input("bias: float")
    .Input("input_start: int32")
    .Input("input_index: int32")
    .Input("input_weight: float")
    .Input("output_start: int32")
    .Input("output_index: int32")
    .Input("output_weight: float")
    .Output("sum: float")
    .Attr("relu: bool")
    .SetShapeFn(ShapedLike<0>);

class AddSparseMlpOp : public tf::OpKernel {
 public:
  explicit AddSparseMlpOp(tf::OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("relu", &relu_));
  }
  void Compute(tf::OpKernelContext* context) override {
    const tf::Tensor &residual = context->input(0), &bias = context->input(1);
    const int64_t hidden = bias.NumElements();
    BIPE_REQUIRES(residual.dims() == 2, "residual is not [tokens, width]");
    const Rows size = RowsOf(residual);
    for (int side : {2, 5})
      BIPE_REQUIRES(Fits(context->input(side), context->input(side + 1), context->input(side + 2), hidden, size.width),
                    side == 2 ? "inputs" : "outputs", " of ", hidden, " units do not go together, or not with a width of ",
                    size.width);
    tf::Tensor* sum;
    OP_REQUIRES_OK(context, context->forward_input_or_allocate_output({0}, 0, residual.shape(), &sum));
    const SparseMlp mlp{hidden,
                        relu_,
                        Floats(bias),
                        Integers(context->input(2)),
                        Integers(context->input(3)),
                        Floats(context->input(4)),
                        Integers(context->input(5)),
                        Integers(context->input(6)),
                        Floats(context->input(7))};
    kernels().add_sparse_mlp(size.rows, size.width, mlp, Floats(residual), Floats(sum), ThreadsOf(context));
  }

 private:
  static const int32_t* Integers(const tf::Tensor& tensor) { return tensor.flat<int32_t>().data(); }

  /**
   * Whether the units' connections are all of the lists, in their order, and each is to a
   * coordinate below the width.
   */
  static bool Fits(const tf::Tensor& start, const tf::Tensor& index, const tf::Tensor& weight, int64_t hidden, int64_t width) {
    const int64_t connections = index.NumElements();
    if (start.NumElements() != hidden + 1 || weight.NumElements() != connections) return false;
    const int32_t *starts = Integers(start), *places = Integers(index);
    return starts[0] == 0 && starts[hidden] == connections && std::is_sorted(starts, starts + hidden + 1) &&
           std::all_of(places, places + connections, [=](int32_t place) { return place >= 0 && place < width; });
  }

  bool relu_;
};
REGISTER_KERNEL_BUILDER(Name("BipeAddSparseMlp").Device(tf::DEVICE_CPU), AddSparseMlpOp);

}  // namespace
}  // namespace bipe

/**
 * To be raised with every new operation, every change of one's inputs, outputs or attributes, and
 * of what the recorder gives; lib/engine/native/kernel-library.ts expects it.
 */
constexpr int kInterface = 3;

/** The code of the error when BIPE_INSTRUCTIONS names no kernels. */
constexpr char kWrongChoice[] = "BIPE_INSTRUCTIONS";

NAPI_MODULE_INIT() {
  napi_value name, number;
  const char* instructions;
  try {
    instructions = bipe::kernels().name;
  } catch (const std::invalid_argument& error) {
    napi_throw_error(env, kWrongChoice, error.what());
    return nullptr;
  }
  if (napi_create_string_utf8(env, instructions, NAPI_AUTO_LENGTH, &name) == napi_ok)
    napi_set_named_property(env, exports, "instructions", name);
  if (napi_create_int32(env, kInterface, &number) == napi_ok) napi_set_named_property(env, exports, "interface", number);
  bipe::ExportRecorder(env, exports);
  return exports;
}
