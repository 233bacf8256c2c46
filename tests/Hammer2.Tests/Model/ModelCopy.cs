// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Tests.Model;

/// <summary>Copies a model, so that a state can be returned to.</summary>
internal static class ModelCopy
{
    /// <summary>A copy of everything below a directory that has a name.</summary>
    public static ModelNode Of(ModelNode root) => Of(root, new Dictionary<ModelNode, ModelNode>());

    private static ModelNode Of(ModelNode node, Dictionary<ModelNode, ModelNode> copies)
    {
        // An object with several names is one.
        if (copies.TryGetValue(node, out ModelNode? known)) return known;
        ModelNode copy = node.CopyAlone();
        copies.Add(node, copy);
        foreach ((string name, ModelNode child) in node.Names) copy.Names.Add(name, Of(child, copies));
        return copy;
    }
}
