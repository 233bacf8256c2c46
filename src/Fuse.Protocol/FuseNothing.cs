// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>The struct of a request or a reply without one.</summary>
internal struct FuseNothing;
