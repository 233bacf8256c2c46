// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Membership;

/// <summary>What is known of a cluster beside what its nodes say.</summary>
/// <param name="MastersGiven">How many masters there are by the user's word; null when the user does not say.</param>
/// <param name="HasSiblings">True when another node of the cluster was found that does not take part.</param>
public readonly record struct MembershipHints(int? MastersGiven = null, bool HasSiblings = false);
