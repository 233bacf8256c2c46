// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Vnodes;

namespace Hammer2.Fuse.Administration;

/// <summary>What a request did.</summary>
/// <typeparam name="TResult">The record of its result.</typeparam>
/// <param name="Error">The error; None when it is done.</param>
/// <param name="Message">The error as a sentence; empty when it is done.</param>
/// <param name="Result">The result; null after most errors.</param>
internal readonly record struct RequestOutcome<TResult>(Errno Error, string Message, TResult? Result)
    where TResult : class
{
    /// <summary>It is done.</summary>
    public static implicit operator RequestOutcome<TResult>(TResult result) => new(Errno.None, "", result);
}
