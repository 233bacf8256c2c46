// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Fuse.Administration;

/// <summary>What a request is carried out on, and for whose sake.</summary>
/// <param name="Mount">The mount.</param>
/// <param name="Caller">The user that makes the request.</param>
/// <param name="IsCancelled">Asked now and then by long requests; true ends them.</param>
internal sealed record RequestContext(AdministeredMount Mount, Caller Caller, Func<bool> IsCancelled)
{
    /// <summary>That of a request in the background.</summary>
    public static RequestContext OfJob(AdministeredMount mount, Caller caller, BackgroundJob job) =>
        new(mount, caller, () => job.IsCancelled) { Report = job.Report };

    /// <summary>Told now and then by long requests how many bytes are done, and of how many; 0 when that is not
    /// known.</summary>
    public Action<long, long> Report { get; init; } = static (_, _) => { };
}
