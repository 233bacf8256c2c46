// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Fuse.Administration;

/// <summary>A parameter of a request.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type.</param>
/// <param name="Summary">What it means, for people.</param>
/// <param name="IsRequired">True when every request needs it.</param>
internal sealed record RequestParameter(string Name, ParameterType Type, string Summary, bool IsRequired = false);
