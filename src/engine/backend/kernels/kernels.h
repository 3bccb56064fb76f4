// Entry points of the kernel families: one function per opcode.
#pragma once
#include "operand.h"

// image level
typedef void ImageKernel(const Instruction* instruction, const Context* context);
ImageKernel runInput, runOutput;
ImageKernel runConvolution, runConvolutionGradient;
ImageKernel runDepthwise, runDepthwiseGradient;
ImageKernel runMaxPool, runMaxPoolGradient, runAveragePool, runAveragePoolGradient;
ImageKernel runSum, runReluGradient, runCopyChannels, runShift, runProduct;
ImageKernel runTanh, runSigmoid, runTanhGradient, runSigmoidGradient;
ImageKernel runGlobalPool, runSpread, runCrossEntropy, runEmbedding, runEmbeddingGradient;
ImageKernel runStatistics, runGradientStatistics, runBiasGradient;

// items and serial
typedef void BatchKernel(const Instruction* instruction, int numImages);
BatchKernel packConvolution, packDepthwise, packVector;
BatchKernel reduceConvolution, reduceDepthwise, reduceVector;
BatchKernel updateWeight, fillZeros;
BatchKernel finishNorm, finishLoss, finishBatchNorm, giveBatchNorm, finishBatchNormGradient;

// sizes of packed weights
int isCompactConvolution(const Instruction* instruction);
int numWeightRows(const Instruction* instruction);
