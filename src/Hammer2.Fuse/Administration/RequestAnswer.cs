// SPDX-License-Identifier: BSD-3-Clause
using System.Text.Json.Serialization.Metadata;
using Hammer2.Vnodes;

namespace Hammer2.Fuse.Administration;

/// <summary>The answer to a request, the same through every door.</summary>
/// <param name="Request">The name of the request.</param>
/// <param name="Error">The error; None when it is done.</param>
/// <param name="Message">The error as a sentence; empty when it is done.</param>
/// <param name="Result">The record of its result; null for none.</param>
/// <param name="Json">How the result becomes JSON; null for none.</param>
internal sealed record RequestAnswer(
    string Request, Errno Error, string Message, object? Result = null, JsonTypeInfo? Json = null)
{
    /// <summary>A request that was not carried out.</summary>
    public static RequestAnswer Refused(string request, Errno error, string message) => new(request, error, message);
}
