// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Serialization.Metadata;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging;

namespace Hammer2.Fuse.Administration;

/// <summary>A request that an administrator can make of a mount.</summary>
/// <param name="Name">Its name, as in a line for the control file.</param>
/// <param name="Summary">What it does, for people.</param>
internal abstract record RequestRow(string Name, string Summary)
{
    /// <summary>What it may be given.</summary>
    public IReadOnlyList<RequestParameter> Parameters { get; init; } = [];

    /// <summary>The callers that may make it.</summary>
    public AllowedCallers Callers { get; init; } = AllowedCallers.Owner;

    /// <summary>True when it may take minutes: the control file runs it in the background.</summary>
    public bool IsLong { get; init; }

    /// <summary>True when it changes something: then it is among the events of the mount.</summary>
    public bool IsEvent { get; init; }

    /// <summary>The names of the fields of its result, as in JSON.</summary>
    public abstract IReadOnlyList<string> ResultFields { get; }

    /// <summary>Does it. The caller and the arguments were checked.</summary>
    public abstract RequestAnswer Run(RequestContext context, RequestArguments arguments);
}

/// <summary>A request with a result of one type.</summary>
/// <typeparam name="TResult">The record of its result.</typeparam>
/// <param name="Name">Its name.</param>
/// <param name="Summary">What it does.</param>
/// <param name="Json">How the result becomes JSON.</param>
/// <param name="Work">What does it.</param>
internal sealed record RequestRow<TResult>(string Name, string Summary, JsonTypeInfo<TResult> Json,
    Func<RequestContext, RequestArguments, RequestOutcome<TResult>> Work) : RequestRow(Name, Summary)
    where TResult : class
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> ResultFields => [.. Json.Properties.Select(static property => property.Name)];

    /// <inheritdoc/>
    public override RequestAnswer Run(RequestContext context, RequestArguments arguments)
    {
        ILogger logger = context.Mount.Logger;
        uint user = context.Caller.UserId;
        if (IsEvent && IsLong) AdministrationLog.RequestBegins(logger, Name, user);
        RequestOutcome<TResult> outcome = WithoutRestart(Work(context, arguments));
        if (IsEvent && outcome.Error == Errno.None)
            AdministrationLog.RequestDone(logger, Name, user, arguments.ToString());
        else if (IsEvent) AdministrationLog.RequestFailed(logger, Name, user, outcome.Error, outcome.Message);
        return new RequestAnswer(Name, outcome.Error, outcome.Message, outcome.Result, Json);
    }

    // A request is not kept for later, as those of the kernel are.
    private static RequestOutcome<TResult> WithoutRestart(in RequestOutcome<TResult> outcome) =>
        outcome.Error == Errno.ERESTART
            ? new(Errno.EAGAIN, "too few nodes can be written, and changes wait for more; ask again later", null)
            : outcome;
}
