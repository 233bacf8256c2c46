// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Admin;

/// <summary>Receives the references and blocks that a <see cref="MediaWalker"/> finds, in the order of their
/// keys.</summary>
public interface IMediaVisitor
{
    /// <summary>
    /// Called before the block of a reference is read: return false to skip it and all below it. Also called for
    /// references without a block, such as entries with short names, which are then entered with an empty block.
    /// </summary>
    bool Wants(in WalkPosition position, in Blockref reference);

    /// <summary>
    /// Called after a block was read and validated. Return true to visit the references in it; <see cref="Leave"/> is
    /// called in any case.
    /// </summary>
    /// <param name="position">The position of the reference.</param>
    /// <param name="reference">The reference.</param>
    /// <param name="block">The stored bytes, valid during the call; data is not decoded.</param>
    bool Enter(in WalkPosition position, in Blockref reference, ReadOnlySpan<byte> block);

    /// <summary>Called after everything below an entered block was visited.</summary>
    void Leave(in WalkPosition position, in Blockref reference);

    /// <summary>Called when a reference or its block is damaged; nothing below it is visited.</summary>
    void Damaged(in WalkPosition position, in Blockref reference, in WalkFault fault);
}
