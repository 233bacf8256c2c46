// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.Transactions;

namespace Hammer2.Fuse;

/// <summary>The values of the mount option noquorum.</summary>
internal static class QuorumPolicyText
{
    /// <summary>All of them, for messages.</summary>
    public const string All = "readonly, error, stall";

    /// <summary>The policy of a value; null for one that is none.</summary>
    public static QuorumPolicy? Parse(string? value) => value switch
    {
        "readonly" => QuorumPolicy.ReadOnly,
        "error" => QuorumPolicy.Error,
        "stall" => QuorumPolicy.Stall,
        _ => null,
    };

    /// <summary>The value of a policy.</summary>
    public static string Of(QuorumPolicy policy) => policy switch
    {
        QuorumPolicy.Error => "error",
        QuorumPolicy.Stall => "stall",
        _ => "readonly",
    };
}
